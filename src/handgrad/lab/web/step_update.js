/** Take the step: the learning rate, the loss and the outputs before and after. */

import { button, make, panel, refill, slider } from "./dom.js";
import { format } from "./formula.js";
import { stepsChart } from "./step_curve.js";
import { promised } from "./step_maths.js";

const RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** @param {import("./step_room.js").StepRoom} room */
export function updateView(room) {
  const rate = slider({
    name: "step-rate",
    label: "Learning rate",
    what:
      "How far the step goes: every parameter moves by the learning rate times its gradient. If it " +
      "is too large, the loss jumps over the valley.",
    values: RATES,
    value: room.rate,
    show: (value) => format(value, 1),
    onInput: (value) => {
      room.rate = value;
      room.tell("rate");
    },
  });
  const again = button({
    name: "step-again",
    label: "Start again",
    kind: "quiet",
    onClick: () => room.start(),
  });
  const keep = button({
    name: "step-keep",
    label: "Use this network in all rooms",
    onClick: () => room.keep(),
  });
  const back = button({
    name: "step-put-back",
    label: "Put the old network back",
    onClick: () => room.putBack(),
  });
  const facts = make("dl", { class: "step-facts", "aria-live": "polite" });
  const chart = make("div", { class: "step-chart-place" });
  const outputs = make("div", { class: "step-outputs-place" });
  const note = make("p", { class: "quiet-text" });
  const el = panel(
    {
      name: "take",
      title: "Take the step",
      what:
        "One step of gradient descent with this image alone: all parameters move at once. In " +
        "training, each step is taken for a batch of images.",
      class: "step-update",
    },
    make(
      "div",
      { class: "step-update-parts" },
      make(
        "div",
        {},
        rate,
        make(
          "div",
          { class: "row" },
          button({ name: "step-take", label: "Take the step", kind: "main", onClick: () => room.take(1) }),
          button({ name: "step-take-10", label: "Take it 10 times", onClick: () => room.take(10) }),
          again,
        ),
        facts,
        chart,
      ),
      make("div", {}, outputs, make("div", { class: "row" }, keep, back), note),
    ),
  );

  function draw() {
    const { walk, losses, network } = room;
    el.hidden = !walk;
    if (!walk || !network) return;
    const taken = losses.length - 1;
    const fact = (/** @type {string} */ name, /** @type {string} */ key, /** @type {string} */ text) => [
      make("dt", {}, name),
      make("dd", { "data-fact": key }, text),
    ];
    refill(
      facts,
      fact(taken ? "Loss before" : "Loss", "before", format(losses[0], 6)),
      taken > 0 && fact(`Loss after ${taken} ${taken === 1 ? "step" : "steps"}`, "after", format(walk.L, 6)),
      taken > 0 && fact("Change in the last step", "change", format(walk.L - losses[taken - 1], 4)),
      fact("The slope promises, for the next step", "promised", format(promised(walk, room.rate), 4)),
    );
    refill(chart, taken > 0 && stepsChart(losses));
    refill(outputs, outputTable(room));
    again.disabled = taken === 0;
    keep.disabled = taken === 0 || !Number.isFinite(walk.L);
    back.hidden = !room.before;
    note.textContent = room.before
      ? "All rooms use the stepped network now."
      : taken && walk.L > losses[taken - 1]
        ? "The loss grew: the step was too large for the slope to hold. Try a smaller learning rate."
        : "";
  }

  return { el, draw };
}

/** The outputs before the first step and now, as bars. @param {import("./step_room.js").StepRoom} room */
function outputTable(room) {
  const { walk, network, firstOutputs, losses } = room;
  if (!walk || !network || !firstOutputs) return null;
  const now = walk.tensors.y.values;
  const cell = (/** @type {number} */ value, /** @type {string} */ kind) => {
    const bar = make("span", { class: `step-output ${kind}` });
    bar.style.width = `${100 * Math.min(1, Math.max(0, value))}%`;
    return make(
      "td",
      {},
      make("span", { class: "step-output-place" }, bar),
      make("span", {}, value.toFixed(3)),
    );
  };
  const after = losses.length > 1;
  return make(
    "table",
    { class: "step-outputs" },
    make("caption", {}, "Outputs y"),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        ...["class", after ? "before" : "now", after && "after"].map(
          (text) => text && make("th", { scope: "col" }, text),
        ),
      ),
    ),
    make(
      "tbody",
      {},
      network.classes.map((each, c) =>
        make(
          "tr",
          { class: c === walk.label ? "label" : null },
          make(
            "th",
            { scope: "row" },
            String(each),
            c === walk.label ? make("span", { class: "step-is-label" }, " label") : null,
          ),
          cell(firstOutputs[c], "first"),
          after && cell(now[c], "last"),
        ),
      ),
    ),
  );
}
