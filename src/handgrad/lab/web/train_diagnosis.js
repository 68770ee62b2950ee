/** What is wrong with a run: the observation, why, and one click that mends it. */

import { diagnose } from "./diagnosis.js";
import { button, make, panel, refill } from "./dom.js";

/** @typedef {import("./trainer.js").Progress} Progress */
/** @typedef {import("./train_course.js").Course} Course */

/**
 * What is worth saying of a run.
 * @param {Course} record @param {Progress} progress @param {import("./trainer.js").State} state
 * @param {Record<string, any>} choices @returns {ReturnType<typeof diagnose>}
 */
export function findings(record, progress, state, choices) {
  const { history, params, dead, saturated, train_accuracy, validation_accuracy, diverged } = progress;
  const flat = /saturat|satur|flat/.test(diverged);
  return diagnose({
    recipe: choices,
    diverged: state === "diverged" && !flat,
    epoch: record.epoch,
    losses: history.map(({ loss }) => loss),
    train_accuracy: flat ? 0 : train_accuracy,
    validation_accuracy,
    dead: dead.length / params.H,
    saturated: flat ? 1 : saturated,
    classes: params.C,
  });
}

/** @param {{ onMend: (change: Record<string, any>) => void }} does */
export function diagnosisPanel({ onMend }) {
  const list = make("div", { role: "status" });
  let said = "";
  const el = panel(
    {
      name: "diagnosis",
      title: "Is anything wrong?",
      what:
        "The page watches the run for a loss that is not finite, outputs that sit at 0 or 1, dead units, a loss " +
        "that hardly moves, and a network that learns its images by heart.",
    },
    list,
  );
  /** @param {ReturnType<typeof diagnose>} found @param {boolean} begun */
  function draw(found, begun) {
    const text = JSON.stringify([found, begun]);
    if (text === said) return;
    said = text;
    el.classList.toggle("worried", found.length > 0);
    if (!found.length) {
      refill(list, make("p", { class: "quiet-text" }, begun ? "Nothing so far." : "Nothing has run yet."));
      return;
    }
    refill(
      list,
      found.map(({ name, what, why, mend }) =>
        make(
          "div",
          { class: "finding", "data-finding": name },
          make("p", {}, make("strong", {}, what)),
          make("p", {}, why),
          button({ name: `mend-${name}`, label: mend.label, onClick: () => onMend(mend.change) }),
        ),
      ),
    );
  }
  draw([], false);
  return { el, draw };
}
