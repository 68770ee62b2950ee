/**
 * A mistake is planted in one of two networks with the same start and the same images in the same order. Their
 * curves stand beside each other: which mistake is it?
 */

import { LineChart } from "./charts.js";

import { button, choice, make, panel, refill, written } from "./dom.js";
import { watch } from "./host.js";
import { firstOf } from "./idx.js";
import { RECIPES } from "./recipes.js";
import { Course } from "./train_course.js";
import { percent } from "./train_progress.js";
import { Trainer } from "./trainer.js";
import { MISTAKES, question } from "./zoo.js";

/** @typedef {import("./types.js").Params} Params */
/** @typedef {import("./trainer.js").Progress} Progress */
/** @typedef {import("./zoo.js").Clue} Clue */

const HELD = 3000; // of MNIST's images: a tenth measures the validation accuracy
const IMAGES = 900; // that are learnt from, so that there are many epochs, and points of the curves
const RUN = {
  ...RECIPES.lesson.recipe,
  ...{ hidden: 32, learning_rate: 0.2, epochs: 16, distortion: "off", share: IMAGES, engine: "reference" },
};

const whole = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;

/** @type {Record<Clue, { name: string, scale?: "linear" | "log" | "share", show?: (value: number) => string,
 *   tick?: (value: number) => string }>} */
const CHARTS = {
  loss: { name: "Loss", scale: "log" },
  validation: { name: "Validation accuracy", show: percent, tick: whole },
  dead: { name: "Dead units", show: percent, tick: whole },
  W1: { name: "How far W1 has moved" },
  W2: { name: "How far W2 has moved" },
  biases: { name: "How far the biases have moved" },
};

/** One of the two networks: its trainer and its curves. */
class Runner {
  /** @param {() => void} tell */
  constructor(tell) {
    this.trainer = new Trainer();
    this.course = new Course();
    /** @type {Params | null} */
    this.start = null;
    /** @type {Record<string, { xs: number[], ys: number[] }>} */
    this.moved = { dead: points(), W1: points(), W2: points(), biases: points() };
    this.trainer.on("progress", (progress) => {
      this.add(progress);
      tell();
    });
    this.trainer.on("state", tell);
  }

  /** @param {Progress} progress */
  add(progress) {
    const { params, dead } = progress;
    if (progress.step === 0) this.start = params;
    this.course.add(progress);
    const { start, course, moved } = this;
    if (!start) return;
    const now = {
      dead: dead.length / params.H,
      W1: distance(params.W1, start.W1),
      W2: distance(params.W2, start.W2),
      biases: Math.hypot(distance(params.b1, start.b1), distance(params.b2, start.b2)),
    };
    for (const [name, value] of Object.entries(now)) {
      const { xs, ys } = moved[name];
      if (xs.length && xs[xs.length - 1] >= course.epoch) continue;
      xs.push(course.epoch);
      ys.push(value);
    }
  }

  /** @param {Clue} clue */
  curve(clue) {
    if (clue === "loss") return this.course.loss;
    return clue === "validation" ? this.course.validation : this.moved[clue];
  }
}

const points = () => ({ xs: /** @type {number[]} */ ([]), ys: /** @type {number[]} */ ([]) });

/** How far two parameters are apart. @param {ArrayLike<number> | null} one @param {ArrayLike<number> | null} other */
function distance(one, other) {
  if (!one || !other) return 0;
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += (one[i] - other[i]) ** 2;
  return Math.sqrt(sum);
}

/**
 * @param {import("./host.js").State} model
 * @param {{ images: () => Promise<import("./types.js").Data>, busy: () => void, say: (text: string) => void }} given
 *   busy: the other training should rest
 */
export function zooPanel(model, { images, busy, say }) {
  /** @type {{ name: string, choices: string[] } | null} the question that is asked */
  let asked = null;
  let name = "";
  let answered = false;
  let run = 0;
  /** @type {Runner[]} the right one, and the wrong one */
  let runners = [];
  const charts = Object.entries(CHARTS).map(([clue, { name: title, scale, show, tick }]) => {
    const chart = new LineChart({ name: title, scale, show: show ?? ((value) => written(value, 3)), tick });
    const el = make("div", { class: "zoo-chart", "data-clue": clue }, make("h3", {}, title), chart.el);
    return { clue: /** @type {Clue} */ (clue), chart, el };
  });
  const grid = make("div", { class: "zoo-charts", hidden: true }, charts.map(({ el }) => el)); // biome-ignore format: short
  const state = make("p", { class: "quiet-text zoo-state", role: "status" });
  const answers = make("div", { class: "row zoo-answers" });
  const why = make("div", { class: "zoo-why", role: "status" });
  const pick = choice({
    ...{ name: "mistake", label: "A mistake to look at", value: model.get("mistake") },
    options: [["", "choose"], ...Object.entries(MISTAKES).map(pair)],
    onChange: (value) => {
      model.set("mistake", value);
      model.save_changes();
    },
  });
  const guess = button({
    ...{ name: "plant", label: "Plant a hidden mistake", kind: "main" },
    onClick: () => {
      model.set("mistake", "");
      model.save_changes();
      asked = question(Math.random);
      begin(asked.name);
    },
  });

  /** @param {string} planted */
  async function begin(planted) {
    const mine = ++run;
    busy();
    end();
    [name, answered] = [planted, asked === null];
    refill(answers);
    refill(why);
    grid.hidden = false;
    el.dataset.done = "false";
    state.textContent = "The two networks are being started.";
    try {
      const data = firstOf(await images(), HELD);
      if (mine !== run) return;
      runners = [new Runner(draw), new Runner(draw)];
      await Promise.all(
        runners.map(async ({ trainer }, i) => {
          await trainer.load(data, null);
          await trainer.configure(
            /** @type {any} */ ({ ...RUN, seed: model.get("seed"), mistake: i ? planted : "" }),
          );
          await trainer.start();
        }),
      );
    } catch (error) {
      if (mine === run) state.textContent = /** @type {Error} */ (error).message;
    }
    ask();
  }

  function ask() {
    if (asked) {
      refill(
        answers,
        make("strong", {}, "A mistake is planted: which?"),
        asked.choices.map((each) =>
          button({ name: "zoo-answer", label: MISTAKES[each].title, onClick: (event) => judge(each, event) }),
        ),
      );
    } else explain("");
  }

  /** @param {string} choice @param {Event} event */
  function judge(choice, event) {
    const right = choice === name;
    /** @type {HTMLElement} */ (event.currentTarget).classList.add(right ? "right" : "wrong");
    if (right) explain("Yes.");
    else
      refill(why, make("p", {}, `Not this one: ${MISTAKES[choice].changes} is something else. Look again.`));
    say(why.textContent ?? "");
  }

  /** @param {string} opening */
  function explain(opening) {
    answered = true;
    const { title, changes, clue, why: reason } = MISTAKES[name];
    refill(
      why,
      make("p", {}, make("strong", {}, `${opening} ${title}`.trim()), `: ${changes}.`),
      make("p", {}, `${reason} Look at: ${CHARTS[clue].name.toLowerCase().replace(/w(?=[12])/, "W")}.`),
    );
    draw();
  }

  function draw() {
    if (runners.length < 2) return;
    const [right, wrong] = runners;
    for (const { clue, chart, el } of charts) {
      el.classList.toggle("clue", answered && MISTAKES[name].clue === clue);
      chart.draw(
        [
          { name: "right", colour: "--training", ...right.curve(clue) },
          { name: "with it", colour: "--bad", ...wrong.curve(clue) },
        ],
        { end: RUN.epochs },
      );
    }
    const done = runners.every(({ trainer }) => ["finished", "diverged"].includes(trainer.state));
    const reached = runners.map(({ trainer }) => percent(trainer.progress?.validation_accuracy));
    state.textContent = done
      ? `Both have ended. Validation accuracy: right ${reached[0]}, with the mistake ${reached[1]}.`
      : `${IMAGES.toLocaleString("en")} images, ${RUN.hidden} hidden units, seed ${model.get("seed")}: both are training.`;
    el.dataset.done = String(done);
  }

  function end() {
    for (const { trainer } of runners) trainer.end();
    runners = [];
  }

  const el = panel(
    {
      name: "zoo",
      title: "The bug zoo",
      what: [
        make("p", {}, "Two networks train from the same start. In one of them a formula is wrong."),
        make(
          "p",
          {},
          "Accuracy alone is no proof: many a mistake still learns. The other curves give it away.",
        ),
      ],
    },
    make("div", { class: "zoo-head" }, guess, pick),
    state,
    answers,
    why,
    grid,
  );
  const stops = [
    watch(model, ["mistake"], () => {
      const wanted = model.get("mistake");
      pick.choose(wanted in MISTAKES ? wanted : "");
      if (!(wanted in MISTAKES)) return;
      asked = null;
      begin(wanted);
    }),
  ];
  return {
    el,
    repaint: () => {
      for (const { chart } of charts) chart.redraw();
    },
    end: () => {
      run += 1;
      end();
      for (const { chart } of charts) chart.stop();
      for (const stop of stops) stop();
    },
  };
}

/** @param {[string, { title: string }]} entry @returns {[string, string]} */
function pair([key, { title }]) {
  return [key, title];
}
