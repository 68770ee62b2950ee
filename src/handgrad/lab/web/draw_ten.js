/** Ten images that are laid over the drawing, one a digit: the mean images, and the network without its bend. */

import { make, refill, toggle, written } from "./dom.js";
import { largest, legend, TileGrid } from "./tiles.js";

/** @typedef {import("./draw_room.js").DrawRoom} DrawRoom */

/** @param {DrawRoom} room @param {(on: boolean) => void} change */
export function baselineView(room, change) {
  const part = tenImages("Mean images of the ten digits");
  const told = make("p", { class: "draw-beside", role: "status" });
  const show = toggle({
    name: "baseline",
    label: "Mean images beside it",
    what: [
      make(
        "p",
        {},
        "The oldest way: each digit has one template, the mean of its 6,000 training images, normalised.",
      ),
      make(
        "p",
        {},
        "The template that agrees most with the drawing is the answer. It is right 82 times in 100.",
      ),
    ],
    value: room.model.get("baseline"),
    onChange: change,
  });
  const el = make("div", { class: "draw-ten", "data-look": "baseline" }, show, told, part.el);
  const draw = () => {
    const { baseline, templates, classes } = room;
    show.hidden = !room.readsDigits;
    show.choose(room.model.get("baseline"));
    const shown = Boolean(room.model.get("baseline") && room.readsDigits);
    told.hidden = !shown;
    part.el.hidden = !shown || !templates;
    refill(
      told,
      "The mean images answer ",
      make("strong", {}, baseline ? classes[baseline.answer] : "–"),
      ".",
    );
    if (shown && templates) part.draw(templates, baseline, classes, "mean");
  };
  return { el, draw };
}

/** @param {DrawRoom} room @param {(on: boolean) => void} change */
export function collapseView(room, change) {
  const part = tenImages("The ten images of the network without its non-linearity");
  const told = make("p", { class: "draw-beside", role: "status" });
  const scale = legend(1);
  const show = toggle({
    name: "relu",
    label: "Without ReLU",
    what: [
      make(
        "p",
        {},
        "Without the non-linearity, two layers are one: z = W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2).",
      ),
      make(
        "p",
        {},
        "However many hidden units there are, ten images remain, the rows of W2 W1. Here they are.",
      ),
      make("p", {}, "The marks beside the bars are its outputs for your drawing."),
    ],
    value: !room.model.get("relu"),
    onChange: (without) => change(!without),
  });
  const name = /** @type {HTMLElement} */ (show.querySelector(".toggle > span"));
  const el = make("div", { class: "draw-ten", "data-look": "collapse" }, show, told, part.el, scale);
  const draw = () => {
    const without = !room.model.get("relu");
    show.choose(without);
    name.textContent = room.bend
      ? `Without ${room.bend}`
      : "As one layer (this network has no non-linearity)";
    told.hidden = part.el.hidden = !without || !room.reader;
    scale.hidden = part.el.hidden;
    if (!without || !room.reader) return;
    const { collapsed, answer, classes } = room;
    const changed = collapsed && answer && collapsed.answer !== answer.answer;
    refill(
      told,
      room.bend ? `Without ${room.bend} it answers ` : "As one layer it answers ",
      make("strong", {}, collapsed ? classes[collapsed.answer] : "–"),
      changed ? `, with ${room.bend} ` : ".",
      changed && make("strong", {}, classes[answer.answer]),
      changed && ".",
    );
    const { W } = room.reader.collapsed;
    scale.show(largest(W));
    part.draw(W, collapsed, classes, "collapsed");
  };
  return { el, draw };
}

/** @param {string} label */
function tenImages(label) {
  const tiles = new TileGrid({ label, class: "draw-ten-tiles" });
  /** @type {ArrayLike<number> | null} */
  let last = null;
  let version = 0;
  /**
   * @param {ArrayLike<number>} images (C, 784) @param {{ scores: ArrayLike<number>, answer: number } | null} read
   * @param {string[]} classes @param {string} what
   */
  const draw = (images, read, classes, what) => {
    if (images !== last) version += 1;
    last = images;
    const range = largest(images);
    tiles.draw(
      classes.map((name, c) => ({
        values: images,
        from: 784 * c,
        range,
        version,
        caption: read ? written(read.scores[c], 1) : name,
        label: `${what} image of ${name}${read ? `: ${written(read.scores[c], 1)}` : ""}`,
        kind: read?.answer === c ? "first" : "",
      })),
    );
  };
  return { el: tiles.el, draw };
}
