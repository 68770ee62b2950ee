/** The Train room: the network learns before one's eyes, and every choice can be tried. */

import { facts } from "./assets.js";
import { make, refill } from "./dom.js";
import { watch } from "./host.js";
import { allFinite } from "./network.js";
import { answersOf } from "./train_answers.js";
import { CHOICES, setAll } from "./train_choices.js";
import { controlsPanel } from "./train_controls.js";
import { curvesPanels } from "./train_curves.js";
import { dataPart, mnist, ownImages } from "./train_data.js";
import { diagnosisPanel, findings } from "./train_diagnosis.js";
import { download, modelFile } from "./train_network.js";
import { progressPanel } from "./train_progress.js";
import { resultsPanels } from "./train_results.js";
import { Run } from "./train_run.js";
import { templatesPanel } from "./train_templates.js";
import { zooPanel } from "./train_zoo.js";

const AWAY = 3000; // milliseconds between two networks for the other rooms, while a person is there
const PICTURES = 130; // between two paintings of curves and templates
const COUNTS = 2000; // between two counts of answers, while it trains
const COUNTED = 1000; // images of such a count
const CHANGES = 150; // and from a change of a choice until the run follows: a slider passes many values

/** @typedef {import("./train_data.js").Images} Images */

/** @param {{ model: import("./host.js").State, el: HTMLElement }} given */
function render({ model, el }) {
  let version = "";
  let timer = 0;
  let given = 0; // when the other rooms last got a network
  let counting = 0; // the number of the present count of answers
  let busy = false; // counting
  let counted = -1; // epochs that were done at the last count
  let countedAt = 0;
  let drawn = 0; // when curves and templates were last painted
  let ended = false;
  facts().then(
    (known) => (version = known.version),
    () => {},
  );

  const run = new Run(model, {
    onProgress: () => progressed(),
    onState: () => turned(),
    onError: (text) => progress.say(text),
  });
  const progress = progressPanel({
    onStart: () => run.turn(),
    onBatch: () => run.ask(() => run.trainer.oneBatch()),
    onEpoch: () => run.ask(() => run.trainer.oneEpoch()),
    onSlow: (on) => run.ask(() => run.trainer.slow(on)),
    onRewind: () => run.ask(() => (run.choices ? run.trainer.rewind() : run.configure())),
    onSeed: () => setAll(model, { seed: Math.floor(Math.random() * 1e6) }),
    onTest: () => measure(),
    onSave: () => keep(),
  });
  const curves = curvesPanels();
  const templates = templatesPanel();
  const results = resultsPanels({ onMistake: open });
  const diagnosis = diagnosisPanel({ onMend: mend });
  const data = dataPart(el, {
    onFiles: (chosen) => use(ownImages(chosen)),
    onMnist: () => use(mnist()),
  });
  const controls = controlsPanel(model, { data: data.el, images: () => run.images?.train.N ?? 60_000 });
  const zoo = zooPanel(model, {
    images: async () => (await mnist()).train,
    busy: () => run.state === "running" && run.turn(),
    say: progress.say,
  });

  /** Train on these images. @param {Promise<Images>} coming */
  async function use(coming) {
    let images;
    try {
      images = await coming;
    } catch (error) {
      progress.say(/** @type {Error} */ (error).message);
      return;
    }
    if (ended) return;
    progress.say("");
    counted = -1;
    data.draw(images);
    await run.open(images);
    progress.hasTest(images.test !== null);
  }

  const names = () => Array.from({ length: run.images?.train.C ?? 10 }, (_, c) => String(c));

  function progressed() {
    const now = run.progress;
    if (!now || !run.images) return;
    if (now.step === 0) counted = -1;
    progress.draw(now, run.course, run.testedNow);
    const time = performance.now();
    const running = run.state === "running" && now.step > 0;
    if (!el.hidden && (!running || time - drawn > PICTURES)) show();
    if (running && !busy && now.history.length > Math.max(0, counted) && time - countedAt > COUNTS) count();
    if (model.get("room") !== "train" && time - given > AWAY) handOver();
  }

  /** Draw what only a person who looks at the room needs. */
  function show() {
    const now = run.progress;
    drawn = performance.now();
    if (!now || !run.images) return;
    curves.draw(run.course, run.before, now.epochs);
    templates.draw(now.params, now.dead, names(), run.images.train);
    diagnosis.draw(findings(run.course, now, run.state, run.choices ?? {}), now.step > 0);
  }

  function turned() {
    progress.tell(run.state, run.progress?.diverged);
    if (run.state === "running" || run.state === "empty") return;
    progressed();
    if (run.progress?.step) {
      count();
      handOver();
    }
  }

  /** Count what is read as what, among the images held back. */
  async function count() {
    const now = run.progress;
    if (!now || !run.images || !run.choices || !run.heldBack) return;
    const mine = ++counting;
    const { train } = run.images;
    busy = true;
    counted = now.history.length;
    const { activation } = run.choices;
    const going = () => mine === counting && !ended;
    const few = run.state === "running" ? Math.min(COUNTED, run.heldBack) : run.heldBack;
    const from = train.N - run.heldBack;
    const found = await answersOf(now.params, activation, train, from, from + few, going);
    if (!going()) return;
    busy = false;
    countedAt = performance.now();
    if (found) results.draw(found, train, "held back", names());
  }

  async function measure() {
    const test = run.images?.test;
    const evaluation = await run.evaluate();
    if (!evaluation || !test) return;
    counting += 1;
    busy = false;
    const { confusion, mistakes, answers, N, C, accuracy } = evaluation;
    const misread = Array.from(mistakes, (index) => {
      return { index, label: test.labels[index], answer: answers[index], margin: 0 };
    });
    results.draw(
      { confusion, N, C, mistakes: misread, right: Math.round(accuracy * N) },
      test,
      "test",
      names(),
    );
    if (run.progress) progress.draw(run.progress, run.course, run.testedNow);
    progress.say(
      `${(100 * accuracy).toFixed(2)} % of ${N.toLocaleString("en")} test images are read rightly.`,
    );
  }

  /** The bytes of the network as it is now; null where it is not finite. */
  function bytes() {
    const now = run.progress;
    if (!now || !run.images || !run.choices || !allFinite(now.params)) return null;
    const about = { version, tested: run.testedNow, heldBack: run.heldBack };
    return modelFile(now, run.course, run.choices, run.images.train, about);
  }

  /** The other rooms use the network as it is now. */
  function handOver() {
    const now = run.progress;
    given = performance.now();
    if (!now?.step || !run.images) return;
    const { height, width } = run.images.train;
    if (height !== 28 || width !== 28) return; // one draws, and steps through, images of this size
    const file = bytes();
    if (!file) return;
    model.set(
      "network_name",
      `trained here: ${now.params.H} hidden units, seed ${now.seed}, batch ${now.step}`,
    );
    model.set("model_file", file);
    model.save_changes();
  }

  function keep() {
    const file = bytes();
    if (!file)
      progress.say("Expected finite parameters; this run diverged. Rewind it with a smaller learning rate.");
    else download(file, `handgrad-${run.progress?.seed}.safetensors`);
  }

  /** One click that mends: the change, and the run from its start. @param {Record<string, any>} change */
  async function mend(change) {
    setAll(model, change);
    await run.follow();
    await run.ask(() => run.trainer.rewind());
    await run.turn();
  }

  /** Step through an image that is misread.
   * @param {import("./train_answers.js").Mistake} mistake @param {"held back" | "test"} source */
  function open({ index, label }, source) {
    handOver();
    if (source === "test") setAll(model, { example: String(index), label });
    else if (run.images) {
      const { images, D } = run.images.train;
      const image = images.slice(index * D, (index + 1) * D);
      setAll(model, { drawing: "", image, label, example: "drawing" });
    }
    setAll(model, { room: "step" });
    el.parentElement?.scrollIntoView({ block: "start" });
  }

  refill(
    el,
    make(
      "div",
      { class: "train" },
      make("div", { class: "train-main" }, progress.el, curves.loss, curves.accuracy, diagnosis.el),
      make("div", { class: "train-choices" }, controls.el),
      make("div", { class: "train-side" }, templates.el, results.confusion),
      make("div", { class: "train-below" }, results.mistakes, zoo.el),
    ),
  );
  progress.tell("empty");
  use(mnist());

  const stops = [
    watch(model, CHOICES, () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => run.follow(), CHANGES);
    }),
    watch(model, ["room"], () => {
      if (model.get("room") === "train") show();
      else handOver();
    }),
    watch(model, ["dark"], () => {
      curves.repaint();
      templates.repaint();
      results.repaint();
      zoo.repaint();
    }),
  ];
  return () => {
    ended = true;
    window.clearTimeout(timer);
    for (const stop of stops) stop();
    controls.end();
    curves.end();
    zoo.end();
    run.end();
  };
}

export default { render };
