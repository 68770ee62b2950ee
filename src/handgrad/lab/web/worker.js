/** The worker that trains: it answers the questions of trainer.js, and trains in between, slice after slice. */

import { asset } from "./assets.js";
import { InkEngine, ReferenceEngine } from "./engines.js";
import { indexOfLargest } from "./network.js";
import { Run } from "./training.js";
import { MISTAKES } from "./zoo.js";

/**
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./trainer.js").Choices} Choices
 * @typedef {import("./trainer.js").State} State
 */

const RHYTHM = 66; // milliseconds between two reports
const HEALTH = 400; // milliseconds between two looks for dead units
const BUSY = 8; // milliseconds of training between two looks into the letterbox
const SLOW = 250; // milliseconds for a batch in slow motion
const MOST_POINTS = 200;

/** @type {Promise<WebAssembly.Module> | null} */
let module = null;
/** @type {{ train: Data, test: Data | null } | null} */
let data = null;
/** @type {InkEngine | null} */
let ink = null;
/** @type {Run | null} */
let run = null;
/** @type {Choices | null} */
let choices = null;
/** @type {State} */
let state = "empty";
let slowly = false;
let runs = 0;
let goal = Infinity; // epochs after which it pauses
/** @type {[number, number][]} */
let points = [];
let since = { time: 0, images: 0, busy: 0 };
/** @type {{ dead: number[], saturated: number }} */
let health = { dead: [], saturated: 0 };
let lookedAt = 0;

const letterbox = new MessageChannel();
let called = false; // whether go() is going to be called: never two calls, or it would train twice as fast
letterbox.port1.onmessage = () => {
  called = false;
  go();
};

/** Have go() called, after the letters that have come meanwhile. */
function call() {
  if (called) return;
  called = true;
  if (slowly) setTimeout(() => letterbox.port2.postMessage(0), SLOW);
  else letterbox.port2.postMessage(0);
}

/** @param {State} next */
function become(next) {
  if (next === state) return;
  state = next;
  postMessage({ event: "state", value: next });
}

/** @returns {Run} */
function present() {
  if (!run) throw new Error("expected data and choices before training; got neither or one of them");
  return run;
}

async function begin() {
  if (!data || !choices) return;
  module ??= asset("kernel.wasm").then((bytes) => WebAssembly.compile(/** @type {any} */ (bytes)));
  const compiled = await module;
  const planted = choices.mistake ? MISTAKES[choices.mistake] : null;
  if (choices.mistake && !planted)
    throw new Error(`expected a planted mistake's name; got ${choices.mistake}`);
  const byReference = planted || choices.engine === "reference";
  if (!byReference) ink ??= new InkEngine(compiled, data.train, data.test);
  const engine = byReference ? new ReferenceEngine(data.train, data.test, planted?.plant()) : ink;
  run = new Run(/** @type {any} */ (engine), data.train, choices);
  runs += 1;
  points = [];
  goal = Infinity;
  lookedAt = 0;
  since = { time: performance.now(), images: 0, busy: 0 };
  report();
  become("ready");
}

/** Train for some milliseconds, then look into the letterbox. */
function go() {
  if (state !== "running" || !run) return;
  const began = performance.now();
  do {
    const epochs = run.epoch;
    const before = run.seconds;
    const images = run.epoch * run.N + run.at;
    const point = run.slice(slowly ? 1 : Infinity);
    if (point) points.push([point.step, point.loss]);
    since.images += Math.max(0, run.epoch * run.N + run.at - images);
    since.busy += run.seconds - before;
    if (run.diverged || run.finished || run.epoch >= goal) return stop();
    if (run.epoch > epochs) {
      report();
      break;
    }
  } while (!slowly && performance.now() - began < BUSY);
  if (slowly || performance.now() - since.time > rhythm()) report();
  call();
}

function stop() {
  const now = present();
  lookedAt = 0;
  report();
  goal = Infinity;
  become(now.diverged ? "diverged" : now.finished ? "finished" : "paused");
}

/** Large networks take longer to copy, and are shown more rarely. */
function rhythm() {
  return Math.max(RHYTHM, (choices?.hidden ?? 0) / 2);
}

/** At most so many points, each the mean of some in a row. */
function thinned() {
  const by = Math.ceil(points.length / MOST_POINTS) || 1;
  /** @type {[number, number][]} */
  const few = [];
  for (let i = 0; i < points.length; i += by) {
    const some = points.slice(i, i + by);
    few.push([some[some.length - 1][0], some.reduce((sum, [, loss]) => sum + loss, 0) / some.length]);
  }
  return few;
}

function report() {
  const now = present();
  if (performance.now() - lookedAt > HEALTH) {
    health = now.health();
    lookedAt = performance.now();
  }
  const last = now.history.at(-1);
  const params = now.engine.params();
  const value = {
    run: runs,
    seed: now.choices.seed,
    step: now.step,
    steps: now.steps,
    epoch: now.epoch,
    epochs: now.choices.epochs,
    learning_rate: now.finished ? 0 : now.rates(1)[0],
    seconds: now.seconds,
    images_per_second: since.busy > 0 ? since.images / since.busy : 0,
    losses: thinned(),
    loss: last?.loss ?? null,
    history: now.history,
    train_accuracy: last?.train_accuracy ?? null,
    validation_accuracy: last?.validation_accuracy ?? null,
    params,
    ...health,
    diverged: now.diverged,
  };
  points = [];
  since = { time: performance.now(), images: 0, busy: 0 };
  const buffers = [params.W1, params.b1, params.W2, params.b2].flatMap((p) => (p ? [p.buffer] : []));
  postMessage({ event: "progress", value }, /** @type {any} */ (buffers));
}

/** What the network makes of the test images. */
function evaluate() {
  const now = present();
  if (!data?.test) throw new Error("expected test images; these data have no test images");
  const { labels, N } = data.test;
  const C = data.train.C;
  const z = now.engine.scores("test", 0, N);
  const answers = new Int32Array(N);
  const confusion = new Uint32Array(C * C);
  /** @type {[number, number][]} */
  const wrong = [];
  let right = 0;
  for (let i = 0; i < N; i++) {
    const row = z.subarray(i * C, (i + 1) * C);
    answers[i] = indexOfLargest(row);
    if (labels[i] < C) confusion[labels[i] * C + answers[i]] += 1;
    if (answers[i] === labels[i]) right += 1;
    else wrong.push([i, row[answers[i]]]);
  }
  wrong.sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  return { accuracy: right / N, N, C, confusion, answers, z, mistakes: Uint32Array.from(wrong, ([i]) => i) };
}

/** @param {number} [epochs] after which it pauses */
function start(epochs = Infinity) {
  const now = present();
  if (now.finished) return;
  goal = epochs;
  since = { time: performance.now(), images: 0, busy: 0 };
  if (state === "running") return;
  become("running");
  call();
}

/** @type {Record<string, (value: any) => any>} */
const answersTo = {
  load: async ({ train, test }) => {
    const fits = test && test.D === train.D;
    data = { train, test: fits ? test : null };
    ink = null;
    run = null;
    become("empty");
    await begin();
  },
  configure: async (next) => {
    choices = next;
    run = null;
    become("empty");
    await begin();
  },
  start: () => start(),
  pause: () => {
    if (state === "running") stop();
  },
  oneBatch: () => {
    const now = present();
    const point = now.slice(1);
    if (point) points.push([point.step, point.loss]);
    stop();
  },
  oneEpoch: () => start(present().epoch + 1),
  slow: (on) => {
    slowly = on;
  },
  change: (changes) => {
    present().change(changes);
    choices = { .../** @type {Choices} */ (choices), ...changes };
  },
  rewind: begin,
  newSeed: async (seed) => {
    choices = { .../** @type {Choices} */ (choices), seed };
    await begin();
  },
  evaluate,
};

/** @type {Promise<void>} */
let before = Promise.resolve();
addEventListener("message", ({ data: { question, name, value } }) => {
  before = before.then(async () => {
    try {
      postMessage({ question, value: await answersTo[name](value) });
    } catch (error) {
      postMessage({ question, error: error instanceof Error ? error.message : String(error) });
    }
  });
});
