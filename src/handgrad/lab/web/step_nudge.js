/** Nudge a parameter: what the loss does, and the slope as measured beside the gradient derived by hand. */

import { button, choice, make, number, panel, refill, slider } from "./dom.js";
import { format } from "./formula.js";
import { slopeChart } from "./step_curve.js";
import { lossAt, slopeAt, steepest, switches } from "./step_maths.js";
import { NAMES } from "./types.js";

const TURNS = 50; // the slider reaches from -50 h to +50 h
const BETWEEN = 2; // the chart measures the loss at every second place of the slider
const SIZES = [1e-6, 1e-5, 1e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1];

const CORNER =
  "The hidden unit switches on or off between w − h and w + h: the loss has a corner there, " +
  "and the slope measured across a corner is another. Take a smaller h.";
const NO_PART = "This weight has no part in this answer: its unit is off, or its pixel has no ink.";

/** @typedef {import("./step_room.js").StepRoom} StepRoom */
/** @typedef {import("./step_maths.js").Parameter} Parameter */

/** @param {StepRoom} room */
export function nudgeView(room) {
  /** @type {Parameter} */
  let of = "W2";
  let index = 0;
  let h = 0.01;
  let turns = 0; // how many h the weight has been moved by
  let chosen = false; // by a person
  const fields = make("div", { class: "step-nudge-fields", "data-control": "nudge-weight" });
  const size = slider({
    name: "nudge-size",
    label: "h, the size of a nudge",
    what:
      "The measured slope is (L(w + h) − L(w − h)) / 2h. A small h measures close to the weight; a " +
      "large h shows how the loss bends.",
    values: SIZES,
    value: h,
    show: (value) => format(value, 1),
    onInput: (value) => {
      h = value;
      draw();
    },
  });
  const moves = Array.from({ length: 2 * TURNS + 1 }, (_, i) => i - TURNS);
  const mover = slider({
    name: "nudge-move",
    label: "Move the weight by",
    values: moves,
    value: 0,
    show: (value) => `${value > 0 ? "+" : ""}${format(value * h, 2)}`,
    onInput: (value) => {
      turns = value;
      measure();
    },
  });
  const numbers = make("dl", { class: "step-facts", "aria-live": "polite" });
  const chart = make("div", { class: "step-chart-place" });
  const note = make("p", { class: "quiet-text" });
  const move = (/** @type {number} */ to) => {
    turns = Math.max(-TURNS, Math.min(TURNS, to));
    measure();
  };
  const buttons = make(
    "div",
    { class: "row" },
    button({
      name: "nudge-down",
      label: "−h",
      title: "Make the weight smaller by h",
      onClick: () => move(turns - 1),
    }),
    button({
      name: "nudge-up",
      label: "+h",
      title: "Make the weight larger by h",
      onClick: () => move(turns + 1),
    }),
    button({ name: "nudge-zero", label: "Put it back", kind: "quiet", onClick: () => move(0) }),
    button({
      name: "nudge-steepest",
      label: "Steepest weight",
      kind: "quiet",
      onClick: () => pickSteepest(of),
    }),
  );
  const el = panel(
    {
      name: "nudge",
      title: "Nudge a weight",
      what:
        "A gradient is a slope that can be measured: move one weight a little both ways, and see " +
        "how the loss changes. A click on a cell of W1, b1, W2, b2 or of their gradients chooses " +
        "that weight.",
      class: "step-nudge",
    },
    make(
      "div",
      { class: "step-nudge-parts" },
      make("div", {}, fields, size, mover, buttons),
      make("div", {}, chart, numbers, note),
    ),
  );
  /** @type {{ at: number[], losses: number[] }} */
  let curve = { at: [], losses: [] };

  /** @param {Parameter} parameter */
  function pickSteepest(parameter) {
    if (!room.walk) return;
    pick(parameter, steepest(room.walk, parameter));
  }

  /** @param {Parameter} parameter @param {number} at */
  function pick(parameter, at) {
    [of, index] = [parameter, at];
    draw();
  }

  /** The parameter and its indices, to be chosen by hand. */
  function drawFields() {
    const { walk } = room;
    if (!walk) return;
    const { H, D, C, b1 } = walk.params;
    const options = NAMES.filter((each) => b1 || each[0] === "W").map(
      (each) => /** @type {[string, string]} */ ([each, each]),
    );
    const onChange = (/** @type {string} */ to) => {
      chosen = true;
      pickSteepest(/** @type {Parameter} */ (to));
    };
    const columns = { W1: D, W2: H, b1: 1, b2: 1 }[of];
    const rows = { W1: H, W2: C, b1: H, b2: C }[of];
    const [row, column] = [Math.floor(index / columns), index % columns];
    const titles = of.endsWith("1") ? ["hidden unit k", "pixel d"] : ["class c", "hidden unit k"];
    const at = (/** @type {number} */ r, /** @type {number} */ c) => {
      chosen = true;
      pick(of, r * columns + c);
    };
    refill(
      fields,
      choice({ name: "nudge-parameter", label: "Parameter", options, value: of, onChange }),
      number({
        name: "nudge-row",
        label: titles[0],
        min: 0,
        max: rows - 1,
        value: row,
        onChange: (r) => at(r, column),
      }),
      columns > 1 &&
        number({
          name: "nudge-column",
          label: titles[1],
          min: 0,
          max: columns - 1,
          value: column,
          onChange: (c) => at(row, c),
        }),
    );
  }

  function draw() {
    const { walk } = room;
    el.hidden = !walk;
    if (!walk) return;
    if (!walk.tensors[of]) of = "W2";
    if (!chosen || index >= walk.tensors[of].values.length) index = steepest(walk, of);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.closest("[data-control]");
    const name = fields.contains(focused ?? null) ? focused?.getAttribute("data-control") : null;
    drawFields();
    if (name)
      /** @type {HTMLElement | null} */ (
        fields.querySelector(`[data-control="${name}"] :is(select, input)`)
      )?.focus();
    turns = 0;
    const at = moves.filter((each) => each % BETWEEN === 0).map((each) => each * h);
    curve = { at, losses: at.map((delta) => lossAt(walk, of, index, delta)) };
    measure();
  }

  function measure() {
    const { walk } = room;
    if (!walk || !curve.at.length) return;
    mover.choose(turns);
    const { shape, values } = walk.tensors[of];
    const where = shape.length > 1 ? [Math.floor(index / shape[1]), index % shape[1]] : [index];
    const grad = walk.tensors[`grad_${of}`].values[index];
    const measured = slopeAt(walk, of, index, h);
    const L = turns ? lossAt(walk, of, index, turns * h) : walk.L;
    const change = L - walk.L;
    const fact = (/** @type {string} */ name, /** @type {string} */ key, /** @type {string} */ text) => [
      make("dt", {}, name),
      make("dd", { "data-fact": key }, text),
    ];
    refill(
      numbers,
      fact(`${of}[${where.join(", ")}]`, "weight", format(values[index] + turns * h, 6)),
      fact("Loss", "loss", format(L, 6)),
      fact("Change of the loss", "change", format(change, 4)),
      fact("Slope, measured", "measured", format(measured, 7)),
      fact("Gradient, by hand", "derived", format(grad, 7)),
      fact("Difference", "difference", format(measured - grad, 2)),
    );
    refill(chart, slopeChart({ ...curve, slope: grad, now: turns * h, lossNow: L }));
    note.textContent = switches(walk, of, index, h) ? CORNER : grad === 0 ? NO_PART : "";
  }

  return {
    el,
    draw,
    /** A cell of a parameter or of its gradient is what to nudge. */
    follow() {
      const { pinned } = room;
      const name = pinned?.tensor.replace(/^(grad_|new_)/, "");
      if (!pinned || !NAMES.includes(/** @type {Parameter} */ (name))) return;
      if (chosen && name === of && pinned.index === index) return;
      chosen = true;
      pick(/** @type {Parameter} */ (name), pinned.index);
    },
  };
}
