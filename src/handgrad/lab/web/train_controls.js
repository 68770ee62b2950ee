/** The controls of a run. Each follows the state, and the state follows it. */

import { add, button, choice, make, number, panel, slider, toggle } from "./dom.js";
import { watch } from "./host.js";
import { LIVE, PRESETS, setAll } from "./train_choices.js";

const HIDDEN = [1, 2, 4, 8, 10, 16, 20, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096];
const RATES = [
  ...[0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1],
  ...[1.5, 2, 3, 4, 5, 7, 10, 20, 50, 100],
];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const EPOCHS = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300];
const SHARES = [10, 20, 50, 100, 200, 500, 1000, 2000, 3000, 6000, 10_000, 20_000, 30_000, 60_000];

/** The list of values with one more, where a link or a recipe has it. @param {number[]} values @param {number} value */
function including(values, value) {
  return values.includes(value) ? values : [...values, value].sort((one, other) => one - other);
}

const count = (/** @type {number} */ value) => value.toLocaleString("en");

/** @typedef {{ group: string, kind: "choice" | "slider" | "toggle" | "number", label: string, what: string,
 *   options?: [string, string][], values?: number[], show?: (value: number) => string, wide?: boolean }} About */

/** @type {Record<string, About>} */
const CONTROLS = {
  hidden: {
    ...{
      group: "The network",
      kind: "slider",
      label: "Hidden units",
      values: HIDDEN,
      show: count,
      wide: true,
    },
    what: "The number of rows of W1: how many templates the network may learn.",
  },
  activation: {
    ...{ group: "The network", kind: "choice", label: "Non-linearity" },
    what: "What h makes of a. ReLU keeps what is above 0. With none, two layers amount to one.",
    options: [
      ["relu", "ReLU"],
      ["leaky_relu", "leaky ReLU"],
      ["tanh", "tanh"],
      ["sigmoid", "sigmoid"],
      ["none", "none"],
    ],
  },
  init: {
    ...{ group: "The network", kind: "choice", label: "Initial weights" },
    what:
      "Random numbers, different for each seed; zeros, with which no template ever learns; or the ten mean " +
      "images and their negatives, which need 20 hidden units.",
    options: [
      ["random", "random"],
      ["zeros", "zeros"],
      ["templates", "mean images"],
    ],
  },
  output_bias: {
    ...{ group: "The network", kind: "choice", label: "Output bias" },
    what: "With 0 each output starts near 1/2. Prior: b2 starts so that each begins at 1/10, its share.",
    options: [
      ["zero", "zero"],
      ["prior", "prior, 1/10"],
    ],
  },
  bias: {
    ...{ group: "The network", kind: "toggle", label: "Biases" },
    what: "The numbers b1 and b2, which are added to each a and each z.",
  },
  learning_rate: {
    ...{ group: "The learning", kind: "slider", label: "Learning rate", values: RATES, wide: true },
    what: "How far a step goes: p ← p − rate · gradient. Too small is slow, too large never comes down.",
  },
  batch_size: {
    ...{
      group: "The learning",
      kind: "slider",
      label: "Batch size",
      values: BATCHES,
      show: count,
      wide: true,
    },
    what: "How many images a gradient is averaged over before the parameters move.",
  },
  epochs: {
    ...{ group: "The learning", kind: "slider", label: "Epochs", values: EPOCHS, wide: true },
    what: "How often the run goes through its images, each time in another order.",
  },
  loss: {
    ...{ group: "The learning", kind: "choice", label: "Loss" },
    what: "What is made small. L2: squared errors of the ten outputs. Cross-entropy: −log of the label's softmax.",
    options: [
      ["l2", "L2"],
      ["cross_entropy", "cross-entropy"],
    ],
  },
  optimizer: {
    ...{ group: "The learning", kind: "choice", label: "Optimizer" },
    what:
      "How a gradient becomes a step. SGD follows it; momentum and Nesterov add those before; Adam gives each " +
      "parameter a rate of its own, and wants rates near 0.001.",
    options: [
      ["sgd", "SGD"],
      ["momentum", "momentum"],
      ["nesterov", "Nesterov"],
      ["adam", "Adam"],
    ],
  },
  schedule: {
    ...{ group: "The learning", kind: "choice", label: "Schedule" },
    what: "How the learning rate goes on: it stays, or falls to 0 along a line or a cosine.",
    options: [
      ["constant", "constant"],
      ["linear", "linear"],
      ["cosine", "cosine"],
    ],
  },
  warmup: {
    ...{
      group: "The learning",
      kind: "slider",
      label: "Warm-up",
      values: [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5],
    },
    show: (value) => (value ? `${Math.round(100 * value)} %` : "none"),
    what: "The share of the run in which the learning rate rises from 0 to its peak.",
  },
  share: {
    ...{
      group: "The images",
      kind: "slider",
      label: "Training images",
      values: SHARES,
      show: count,
      wide: true,
    },
    what: "How many images it learns from. Others are held back, to measure the validation accuracy.",
  },
  distortion: {
    ...{ group: "The images", kind: "choice", label: "Distortion" },
    what: "Shift: in each epoch each image is moved by up to one pixel. The same image never looks the same.",
    options: [
      ["off", "off"],
      ["shift", "shift"],
    ],
  },
  seed: {
    ...{ group: "The images", kind: "number", label: "Seed" },
    what: "It decides the initial weights and the order of the images. The same seed gives the same run.",
  },
};

/**
 * The panel of all controls.
 * @param {import("./host.js").State} model
 * @param {{ data: HTMLElement, images: () => number }} parts data: the place of one's own data; images: there are
 */
export function controlsPanel(model, { data, images }) {
  /** @type {(() => void)[]} */
  const ends = [];
  const groups = new Map();
  for (const [name, about] of Object.entries(CONTROLS)) {
    const { group, wide } = about;
    if (!groups.has(group)) groups.set(group, make("div", { class: "train-fields" }));
    const control = controlOf(model, name, about, images);
    if (wide) control.el.classList.add("wide");
    if (LIVE.includes(name)) {
      const head = control.el.querySelector(".field-head, .hint-place");
      const mark = make("span", { class: "live", title: "can be changed while it trains" }, "live");
      head?.insertBefore(mark, head.querySelector(".field-value"));
    }
    groups.get(group).append(control.el);
    ends.push(watch(model, [name], () => control.choose(model.get(name))));
  }
  const presets = PRESETS.map(({ name, title, recipe }) =>
    button({
      ...{ name: `preset-${name}`, label: title, title: `The recipe "${name}" of handgrad` },
      onClick: () => setAll(model, { ...recipe, distortion: "off" }),
    }),
  );
  const el = panel(
    {
      name: "controls",
      title: "Choices",
      what: [
        make("p", {}, "What the network is, and how it learns. Each choice has its own explanation."),
        make("p", {}, "Choices marked live can be changed while it trains. Every other begins the run anew."),
      ],
    },
    make("div", { class: "row presets", role: "group", "aria-label": "Recipes" }, presets),
  );
  for (const [title, fields] of groups) {
    const last = title === "The images" && data;
    add(el, make("div", { class: "train-group" }, make("h3", {}, title), fields, last));
  }
  return {
    el,
    end: () => {
      for (const end of ends) end();
    },
  };
}

/**
 * @param {import("./host.js").State} model @param {string} name @param {About} about @param {() => number} images
 * @returns {{ el: HTMLElement, choose: (value: any) => void }}
 */
function controlOf(model, name, { kind, label, what, options = [], values = [], show }, images) {
  const set = (/** @type {any} */ value) => setAll(model, { [name]: value });
  const value = model.get(name);
  if (kind === "choice") {
    const el = choice({ name, label, what, options, value, onChange: set });
    return { el, choose: el.choose };
  }
  if (kind === "toggle") {
    const el = toggle({ name, label, what, value, onChange: set });
    return { el, choose: el.choose };
  }
  if (kind === "number") {
    const el = number({ name, label, what, min: 0, max: Number.MAX_SAFE_INTEGER, value, onChange: set });
    return { el, choose: el.choose };
  }
  const all = including(values, value);
  const shown = name === "share" ? (/** @type {number} */ n) => count(Math.min(n, images())) : show;
  const el = slider({ name, label, what, values: all, value, show: shown, onInput: set });
  const choose = (/** @type {number} */ to) => {
    all.splice(0, all.length, ...including(values, to));
    el.control.max = String(all.length - 1);
    el.choose(to);
  };
  return { el, choose };
}
