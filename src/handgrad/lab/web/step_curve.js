/** Two small charts, as SVG: the loss along one weight with its slope, and the loss over the steps taken. */

import { format } from "./formula.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [320, 150, 10];

/** @param {string} name @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
function tag(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** @param {number[]} values */
function range(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.01 || 1e-12;
  return [low - room, high + room];
}

/** @param {string} said @param {...Node} children */
function chart(said, ...children) {
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "step-chart", role: "img", "aria-label": said };
  return tag("svg", box, ...children);
}

/**
 * The loss over the position of one weight, its tangent at 0, and where the weight is now.
 * @param {{ at: number[], losses: number[], slope: number, now: number, lossNow: number }} curve
 */
export function slopeChart({ at, losses, slope, now, lossNow }) {
  const reach = at[at.length - 1];
  const middle = losses[(losses.length - 1) / 2];
  const [low, high] = range(losses);
  const x = (/** @type {number} */ t) => EDGE + ((t + reach) / (2 * reach)) * (WIDTH - 2 * EDGE);
  const y = (/** @type {number} */ L) => HEIGHT - EDGE - ((L - low) / (high - low)) * (HEIGHT - 2 * EDGE);
  const points = at.map((t, i) => `${x(t).toFixed(1)},${y(losses[i]).toFixed(1)}`).join(" ");
  const line = (/** @type {string} */ kind, /** @type {number[]} */ [x1, y1, x2, y2]) =>
    tag("line", { class: kind, x1, y1, x2, y2 });
  // The tangent, cut where it would leave the chart.
  const most = slope === 0 ? reach : Math.min(reach, (high - low) / Math.abs(slope));
  const ends = [losses[0], losses[losses.length - 1]].map((L) => format(L, 3)).join(" to ");
  const said = `The loss over the weight, from ${ends}; slope at the middle ${format(slope, 3)}`;
  return chart(
    said,
    line("axis", [x(0), EDGE, x(0), HEIGHT - EDGE]),
    line("tangent", [x(-most), y(middle - slope * most), x(most), y(middle + slope * most)]),
    tag("polyline", { class: "curve", points, fill: "none" }),
    tag("circle", { class: "now", cx: x(now), cy: y(lossNow), r: 5 }),
  );
}

/** The loss at the start and after each step. @param {number[]} losses */
export function stepsChart(losses) {
  const [low, high] = [0, Math.max(...losses) * 1.06 || 1];
  const x = (/** @type {number} */ i) => EDGE + (i / Math.max(1, losses.length - 1)) * (WIDTH - 2 * EDGE);
  const y = (/** @type {number} */ L) => HEIGHT - EDGE - ((L - low) / (high - low)) * (HEIGHT - 2 * EDGE);
  const shown = losses.filter(Number.isFinite);
  const points = shown.map((L, i) => `${x(i).toFixed(1)},${y(L).toFixed(1)}`).join(" ");
  const last = shown.length - 1;
  return chart(
    `The loss over ${last} steps, from ${format(shown[0], 3)} to ${format(shown[last], 3)}`,
    tag("line", { class: "axis", x1: EDGE, y1: y(0), x2: WIDTH - EDGE, y2: y(0) }),
    tag("polyline", { class: "curve", points, fill: "none" }),
    ...(last < 40 ? shown.map((L, i) => tag("circle", { class: "probe", cx: x(i), cy: y(L), r: 2.5 })) : []),
    tag("circle", { class: "now", cx: x(last), cy: y(shown[last]), r: 5 }),
  );
}
