/** The whole walk as a small map: forward above, back below, each gradient under what it belongs to. */

import { button, make, refill } from "./dom.js";
import { format } from "./formula.js";
import { kindOf } from "./step_layout.js";
import { stages } from "./step_maths.js";
import { paint } from "./tiles.js";

const THUMB_UNITS = 24;
/** Columns of the map: forward stage or parameter above, its gradient below. @type {[string, string][]} */
const COLUMNS = [
  ["x", "update"],
  ["W1", "grad_W1"],
  ["a", "grad_a"],
  ["h", "grad_h"],
  ["W2", "grad_W2"],
  ["z", "grad_z"],
  ["y", "grad_y"],
  ["L", ""],
];

/** @typedef {import("./step_room.js").StepRoom} StepRoom */

/** @param {StepRoom} room */
export function mapView(room) {
  const back = button({ name: "step-back", label: "← Back", onClick: () => room.move(-1) });
  const next = button({ name: "step-next", label: "Next →", kind: "main", onClick: () => room.move(1) });
  const count = make("span", { class: "step-count" });
  const grid = make("ol", { class: "step-map-grid" });
  const el = make(
    "nav",
    { class: "panel step-map", "data-look": "map", "aria-label": "Stages of the walk" },
    grid,
    make("div", { class: "step-move" }, back, next, count),
  );
  /** @type {Map<string, { button: HTMLElement, canvas: HTMLCanvasElement, number: HTMLElement }>} */
  const nodes = new Map();
  let built = "";

  function build() {
    const { walk } = room;
    if (!walk) return;
    const made = stages(walk).map(({ stage }) => stage);
    const key = made.join();
    if (key === built) return;
    built = key;
    nodes.clear();
    // In the order of the walk for screen readers; CSS places each in its column.
    const order = ["x", "W1", "a", "h", "W2", "z", "y", "L", ...made.slice(made.indexOf("L") + 1)];
    refill(
      grid,
      order.map((name) => {
        const canvas = make("canvas", { class: "step-thumb", "aria-hidden": "true" });
        const number = make("span", { class: "step-thumb-number" });
        const parameter = name === "W1" || name === "W2";
        const label = make("span", { class: "step-node-name" });
        const [head, tail] = name.split("_");
        label.append(...(tail ? [`${head}_`, make("wbr", {}), tail] : [name]));
        const picture = name === "L" ? number : name === "update" ? null : canvas;
        const node = parameter
          ? make("span", { class: "step-node given" }, picture, label)
          : make(
              "button",
              {
                type: "button",
                class: "step-node",
                "data-stage": name,
                on: { click: () => room.goTo(name) },
              },
              picture,
              label,
            );
        nodes.set(name, { button: node, canvas, number });
        const row = COLUMNS.findIndex(([above]) => above === name);
        const column = row >= 0 ? row : COLUMNS.findIndex(([, below]) => below === name);
        const item = make("li", { class: row >= 0 ? "ahead" : "behind" }, node);
        item.style.gridColumn = String(column + 1);
        item.style.gridRow = row >= 0 ? "1" : "2";
        return item;
      }),
    );
  }

  function draw() {
    const { walk, units } = room;
    build();
    if (!walk) return;
    for (const [name, { canvas, number }] of nodes) {
      if (name === "L") number.textContent = format(walk.L, 2);
      else if (name !== "update") thumbnail(canvas, name, room, units);
    }
    mark();
  }

  function mark() {
    const names = room.stageNames();
    const at = names.indexOf(room.stage);
    for (const [name, { button: node }] of nodes) {
      const place = names.indexOf(name);
      if (name === room.stage) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
      node.classList.toggle("passed", place >= 0 && place < at);
    }
    back.disabled = at <= 0;
    next.disabled = at >= names.length - 1;
    count.textContent = `${at + 1} of ${names.length}`;
  }

  return { el, draw, mark };
}

/** @param {HTMLCanvasElement} canvas @param {string} name @param {StepRoom} room @param {number[]} units */
function thumbnail(canvas, name, room, units) {
  const { walk } = room;
  if (!walk) return;
  const { values } = walk.tensors[name];
  const { H, C, D } = walk.params;
  const shown = units.slice(0, THUMB_UNITS);
  const [height, width] = room.plane();
  const kind = kindOf(name);
  if (kind === "image") return paint(canvas, values, height, width, { scale: "ink" });
  if (kind === "tiles") return paint(canvas, values, height, width, { from: (shown[0] ?? 0) * D });
  if (kind === "classes") return paint(canvas, values, 1, C, name === "y" ? { range: 1 } : {});
  if (kind === "units") {
    const across = Math.min(6, shown.length);
    const rows = Math.ceil(shown.length / across);
    const cells = Float64Array.from({ length: rows * across }, (_, i) =>
      i < shown.length ? values[shown[i]] : 0,
    );
    return paint(canvas, cells, rows, across);
  }
  const votes = Float64Array.from({ length: C * shown.length }, (_, i) => {
    const c = Math.floor(i / shown.length);
    return values[c * H + shown[i % shown.length]];
  });
  paint(canvas, votes, C, shown.length);
}
