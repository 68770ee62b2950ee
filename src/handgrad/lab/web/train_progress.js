/** What starts and stops a run, how far it is, and what its curves say. */

import { button, hint, make, panel, spoken, toggle, written } from "./dom.js";

/** @typedef {import("./train_course.js").Course} Course */
/** @typedef {import("./trainer.js").Progress} Progress */

const WORDS = {
  empty: "It is being set up.",
  ready: "Ready: nothing is learnt yet.",
  running: "Training.",
  paused: "Paused.",
  finished: "Finished.",
  diverged: "Stopped: it cannot go on.",
};

/** A share in percent. @param {number | null | undefined} share */
export function percent(share) {
  return share === null || share === undefined ? "–" : `${(100 * share).toFixed(2)} %`;
}

/**
 * @param {{ onStart: () => void, onBatch: () => void, onEpoch: () => void, onSlow: (on: boolean) => void,
 *   onRewind: () => void, onSeed: () => void, onTest: () => void, onSave: () => void }} does
 */
export function progressPanel(does) {
  const start = button({
    name: "start",
    label: "Start",
    kind: "main",
    disabled: true,
    onClick: does.onStart,
  });
  const batch = button({ name: "batch", label: "One batch", disabled: true, onClick: does.onBatch });
  const epoch = button({ name: "epoch", label: "One epoch", disabled: true, onClick: does.onEpoch });
  const rewind = button({
    ...{ name: "rewind", label: "Rewind", title: "The same start again: the same seed", disabled: true },
    onClick: does.onRewind,
  });
  const seed = button({
    ...{ name: "new-seed", label: "New seed", title: "Other initial weights, another order", disabled: true },
    onClick: does.onSeed,
  });
  const slow = toggle({
    ...{ name: "slow", label: "Slow motion", value: false, onChange: does.onSlow },
    what: "Four batches a second, so that you can watch each step.",
  });
  const test = button({
    ...{ name: "test", label: "Measure on the test set", disabled: true, onClick: does.onTest },
  });
  const save = button({
    ...{ name: "save", label: "Save the network", disabled: true, onClick: does.onSave },
    title: "A model file that handgrad opens in Python",
  });
  const bar = make("progress", { max: 1, value: 0, "aria-label": "How much of the run is done" });
  const state = make("strong", { class: "train-state" });
  const note = make("p", { class: "quiet-text train-note", role: "status" });
  const news = spoken(1500);
  const facts = make("dl", { class: "train-facts" });
  /** @param {string} name @param {string} label @param {string} what */
  const fact = (name, label, what) => {
    const value = make("dd", { "data-fact": name }, "–");
    facts.append(make("div", {}, make("dt", {}, label, hint(label, what)), value));
    return value;
  };
  const shown = {
    epoch: fact(
      "epoch",
      "Epoch",
      "Passes over the training images that are done, of those that are planned.",
    ),
    step: fact("step", "Batch", "Steps that are done, of those of the whole run."),
    validation: fact(
      "validation",
      "Validation",
      "The share of images held back that are read rightly. The network never learns from these images.",
    ),
    train: fact("train", "Training", "The share of training images that are read rightly."),
    speed: fact("speed", "Images / s", "How many images go forward and backward in a second."),
    test: fact(
      "test",
      "Test set",
      "The share of test images that are read rightly. Choices are made by the validation accuracy; the test " +
        "set only reports. Who chooses by it measures too well.",
    ),
  };
  const changed = make("p", { class: "quiet-text train-changed" });
  const exact = make("p", { class: "quiet-text train-exact" });

  const el = panel(
    {
      name: "progress",
      title: "Training",
      what: [
        make(
          "p",
          {},
          "The same kernel that trains in Python trains here, in WebAssembly, in your browser alone.",
        ),
        make("p", {}, "Rewind goes back to the same start. New seed takes another start."),
      ],
    },
    make("div", { class: "row train-buttons" }, start, batch, epoch),
    make("div", { class: "row train-buttons" }, rewind, seed, slow),
    make("div", { class: "train-bar" }, bar, state),
    facts,
    exact,
    changed,
    make("div", { class: "row train-buttons" }, test, save),
    note,
    news.el,
  );

  let testable = true;

  /** @param {keyof typeof WORDS} now @param {string} [why] */
  function tell(now, why) {
    const running = now === "running";
    const label = running ? "Pause" : now === "paused" ? "Go on" : "Start";
    if (start.textContent !== label) start.textContent = label;
    start.disabled = now === "empty";
    batch.disabled = epoch.disabled = running || now === "empty" || now === "finished" || now === "diverged";
    rewind.disabled = seed.disabled = save.disabled = now === "empty";
    test.disabled = now === "empty" || !testable;
    state.textContent = why ? `${WORDS[now]} ${why}` : WORDS[now];
    el.dataset.state = now;
    if (!running) news.say(`${state.textContent} ${exact.textContent}`);
  }

  /** @param {Progress} progress @param {Course} course @param {number | null} tested */
  function draw(progress, course, tested) {
    const { step, steps, epochs, images_per_second, loss } = progress;
    bar.value = Math.min(1, course.epoch / epochs);
    put(shown.epoch, `${written(course.epoch, Number.isInteger(course.epoch) ? 0 : 2)} of ${epochs}`);
    put(shown.step, `${step.toLocaleString("en")} of ${steps.toLocaleString("en")}`);
    put(shown.validation, percent(progress.validation_accuracy));
    put(shown.train, percent(progress.train_accuracy));
    if (images_per_second > 0) put(shown.speed, Math.round(images_per_second).toLocaleString("en"));
    put(shown.test, percent(tested));
    put(exact, loss === null ? "" : `Loss of the last epoch, to the last bit: ${loss}`);
    const { marks } = course;
    const list = marks.map(({ x, text }) => `${text} at epoch ${written(x, 2)}`).join("; ");
    put(
      changed,
      list && `Changed on the way: ${list}. Rewind, or a link, trains by the choices as they are now.`,
    );
    el.dataset.seed = String(progress.seed);
  }

  return {
    el,
    tell,
    draw,
    say: (/** @type {string} */ text) => put(note, text),
    /** Whether there is a test set. @param {boolean} is */
    hasTest: (is) => {
      testable = is;
      test.disabled = !is;
      test.title = is ? "" : "Your own images have no test set";
    },
  };
}

/** @param {HTMLElement} el @param {string} text */
function put(el, text) {
  if (el.textContent !== text) el.textContent = text;
}
