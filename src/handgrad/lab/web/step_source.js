/** Which image walks through the network, and with which label. */

import { button, choice, make, number, panel, refill } from "./dom.js";
import { format } from "./formula.js";
import { classOf } from "./step_example.js";
import { findMistakes } from "./step_mistakes.js";
import { paint, TileGrid } from "./tiles.js";

const MOST = 24; // mistakes shown
const TINY = 1e-4; // a loss that leaves nothing to learn

/** @typedef {import("./step_room.js").StepRoom} StepRoom */

/** @param {StepRoom} room */
export function sourceView(room) {
  const { model } = room;
  const canvas = make("canvas", { class: "tile-picture step-source-picture", role: "img" });
  const answer = make("p", { class: "step-answer", role: "status" });
  const source = choice({
    name: "step-source",
    label: "Image",
    what: "An image of the MNIST test set, or what is drawn in the Draw room.",
    options: [
      ["test", "Test image"],
      ["drawing", "My drawing"],
    ],
    value: "test",
    onChange: (value) => choose(value === "drawing" ? "drawing" : "0"),
  });
  const which = number({
    name: "step-example",
    label: "Number",
    min: 0,
    value: 0,
    onChange: (value) => choose(String(Math.round(value))),
  });
  const before = button({
    name: "step-previous",
    label: "◀",
    title: "Previous image",
    onClick: () => turn(-1),
  });
  const after = button({ name: "step-following", label: "▶", title: "Next image", onClick: () => turn(1) });
  before.setAttribute("aria-label", "Previous image");
  after.setAttribute("aria-label", "Next image");
  const labels = make("div", { "data-control": "step-label" }); // a link can hide it before it is filled
  const mistakes = mistakesView(room, choose);
  const numbers = make("div", { class: "step-which" }, which, before, after);
  const el = panel(
    {
      name: "image",
      title: "Image and label",
      what:
        "The walk is made with one image. The label is the right answer: the loss compares the " +
        "outputs with it.",
      class: "step-source",
    },
    make(
      "div",
      { class: "step-source-parts" },
      canvas,
      make("div", { class: "step-source-controls" }, source, numbers, labels),
      make("div", { class: "step-source-answer" }, answer, mistakes.ask),
    ),
    mistakes.el,
  );

  /** @param {string} example */
  function choose(example) {
    model.set("example", example);
    model.save_changes();
  }

  /** @param {number} by */
  function turn(by) {
    const count = room.data?.N ?? 1;
    choose(String((room.chosen().number + by + count) % count));
  }

  /** @param {string[]} classes @param {number | null} label */
  function showLabels(classes, label) {
    const what = "What the image shows. Choose a wrong label, and see how the gradients turn round.";
    const options = /** @type {[string, string][]} */ (classes.map((each, c) => [String(c), each]));
    const value = label === null ? "" : String(label);
    const onChange = (/** @type {string} */ chosen) => {
      const { drawing, number: at } = room.chosen();
      if (drawing) model.set("label", Number(chosen));
      else {
        const { data, network } = room;
        const usual = data && network && classOf(network, data.labels[at]) === Number(chosen);
        const own = usual ? "" : `:${chosen}`;
        model.set("example", `${at}${own}`);
      }
      model.save_changes();
    };
    refill(
      labels,
      choice({ name: "step-label", label: "Label (the right answer)", what, options, value, onChange }),
    );
  }

  function draw() {
    const { network, walk, data } = room;
    const { drawing, number: at } = room.chosen();
    source.choose(drawing ? "drawing" : "test");
    numbers.hidden = drawing;
    which.choose(at);
    which.control.max = String((data?.N ?? 1) - 1);
    mistakes.draw();
    canvas.hidden = !walk;
    answer.hidden = !walk;
    if (!walk || !network) return;
    const [height, width] = room.plane();
    paint(canvas, walk.image, height, width, { scale: "ink" });
    const classes = network.classes.map(String);
    showLabels(classes, walk.label);
    canvas.setAttribute("aria-label", drawing ? "Your drawing" : `Test image ${at}`);
    const { z, y } = walk.tensors;
    const best = z.values.indexOf(Math.max(...z.values));
    const right = best === walk.label;
    const guessed = drawing && room.model.get("label") === null;
    refill(
      answer,
      "The network answers ",
      make("strong", {}, classes[best]),
      ` (output ${format(y.values[best], 3)}). `,
      guessed
        ? "You have not said what it shows, so this answer is taken as the label."
        : make(
            "span",
            { class: right ? "step-right" : "step-wrong" },
            right ? "That is the label." : `The label is ${classes[walk.label]}.`,
          ),
      walk.L < TINY &&
        " It is so sure that almost nothing is left to learn: the gradients are tiny. A mistake " +
          "has more to show.",
    );
  }

  return { el, draw };
}

/** The mistakes on the test set: a search, and what it has found, the most certain first.
 * @param {StepRoom} room @param {(example: string) => void} choose */
function mistakesView(room, choose) {
  const status = make("p", { class: "quiet-text", role: "status" });
  /** @type {import("./step_mistakes.js").Mistake[]} */
  let found = [];
  /** @type {import("./types.js").Network | null} */
  let searched = null;
  let looking = 0;
  const tiles = new TileGrid({
    label: "Mistakes, the most certain first",
    ...{ scale: /** @type {"ink"} */ ("ink"), class: "step-mistakes" },
    onPin: (i) => choose(String(found[i].example)),
  });
  const ask = button({ name: "step-mistakes", label: "The most confident mistakes", onClick: look });
  const el = make("div", { class: "step-mistakes-part" }, status, tiles.el);

  async function look() {
    const { network, data } = room;
    if (!network || !data) return;
    looking += 1;
    const mine = looking;
    searched = network;
    ask.disabled = true;
    const show = (/** @type {typeof found} */ mistakes, /** @type {number} */ looked) => {
      if (mine !== looking || room.closed) return false;
      found = mistakes.slice(0, MOST);
      const rate = looked === data.N ? `${mistakes.length.toLocaleString("en")} mistakes in` : "looked at";
      status.textContent = `${rate} ${looked.toLocaleString("en")} test images; the most certain first.`;
      draw();
      return true;
    };
    try {
      await findMistakes(network, data, show);
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    }
    if (mine === looking) ask.disabled = false;
  }

  function draw() {
    const { network, data } = room;
    if (searched && network !== searched) {
      // Another network has other mistakes.
      looking += 1;
      [found, searched] = [[], null];
      status.textContent = "";
      ask.disabled = false;
    }
    if (!data || !network) return;
    const { drawing, number: at } = room.chosen();
    tiles.rows = data.height;
    tiles.columns = data.width;
    tiles.draw(
      found.map(({ example, label, answer, output }) => {
        const [is, read] = [network.classes[label], network.classes[answer]];
        return {
          ...{ values: data.images, from: example * data.D, range: 255, version: example },
          caption: `${is} → ${read}`,
          label: `Test image ${example}: a ${is}, read as ${read} with output ${format(output, 3)}`,
          pressed: !drawing && at === example,
        };
      }),
    );
  }

  return { el, ask, draw };
}
