/** The way from the drawing to 28x28, stage by stage. */

import { make, panel, written } from "./dom.js";
import { FIELD } from "./prepare.js";
import { paint } from "./tiles.js";

/** @param {import("./draw_room.js").DrawRoom} room */
export function wayView(room) {
  const stages = ["Ink", "Widened", "Box of 20", "28 × 28"].map((title) => {
    const canvas = make("canvas", {
      class: "draw-stage-picture",
      width: 1,
      height: 1,
      "aria-hidden": "true",
    });
    const note = make("span", { class: "draw-stage-note" });
    return {
      canvas,
      note,
      el: make("li", {}, canvas, make("span", { class: "draw-stage-title" }, title), note),
    };
  });
  const el = panel(
    {
      name: "preparation",
      title: "The way to 28 × 28",
      what: [
        make(
          "p",
          {},
          "The network learnt from images that MNIST's makers prepared in one way. Yours is prepared alike:",
        ),
        make(
          "p",
          {},
          "1. The ink is cut out. 2. Thin strokes are widened to 2.3 pixels, MNIST's usual width. 3. The digit is ",
          "made to fit a box of 20 x 20 pixels, by averaging. 4. The box is placed so that the centre of mass of the ",
          "ink is the middle of the image.",
        ),
      ],
      class: "draw-way",
    },
    make(
      "ol",
      { class: "draw-stages" },
      stages.map((stage) => stage.el),
    ),
  );

  function draw() {
    const { prepared, image } = room;
    const [ink, width, box, field] = stages;
    if (prepared) {
      const { fine, widened, change } = prepared;
      show(ink, fine.values, fine.rows, fine.columns, `${written(prepared.width, 1)} px wide`);
      const note = change ? `${change > 0 ? "+" : ""}${written(change, 1)} px` : "wide enough";
      show(width, widened.values, widened.rows, widened.columns, note);
      show(
        box,
        prepared.box.values,
        prepared.box.rows,
        prepared.box.columns,
        `${prepared.box.columns} x ${prepared.box.rows}`,
      );
      const [x, y] = prepared.place;
      const [across, down] = prepared.mass;
      const middle = `(${written(x + across, 1)}, ${written(y + down, 1)})`;
      show(
        field,
        Float32Array.from(/** @type {Uint8Array} */ (image), (pixel) => pixel / 255),
        FIELD,
        FIELD,
        `centred at ${middle}`,
      );
      return;
    }
    for (const stage of [ink, width, box]) show(stage, new Float32Array(1), 1, 1, image ? "came ready" : "");
    show(
      field,
      image ? Float32Array.from(image, (pixel) => pixel / 255) : new Float32Array(1),
      image ? FIELD : 1,
      image ? FIELD : 1,
      "",
    );
  }

  /**
   * @param {{ canvas: HTMLCanvasElement, note: HTMLElement }} stage @param {Float32Array} values
   * @param {number} rows @param {number} columns @param {string} text
   */
  function show({ canvas, note }, values, rows, columns, text) {
    paint(canvas, values, rows, columns, { scale: "ink" });
    note.textContent = text;
  }
  return { el, draw };
}
