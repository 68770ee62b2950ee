/** The templates while they form: each row of W1 as a tile, its unit marked where it is dead. */

import { button, make, panel } from "./dom.js";
import { legend, TileGrid } from "./tiles.js";

const FEW = 64; // tiles that are shown at first, that "More" adds, and that are painted in one frame
const ASK = "Choose a tile to read about its unit.";

/** @typedef {import("./types.js").Params} Params */

export function templatesPanel() {
  const grid = new TileGrid({
    label: "Templates, the rows of W1",
    onTile: (i) => tell(i),
    onPin: (i) => {
      pinned = pinned === i ? null : i;
      tell(pinned);
      paintSome();
    },
  });
  const count = make("p", { class: "quiet-text" });
  const said = make("p", { class: "quiet-text train-unit" }, ASK);
  const scale = legend(1);
  const more = button({
    name: "more-templates",
    label: "Show more",
    kind: "quiet",
    onClick: () => {
      most += FEW;
      if (params) draw(params, [...dead], classes);
    },
  });
  /** @type {Params | null} */
  let params = null;
  /** @type {Set<number>} */
  let dead = new Set();
  /** @type {number | null} */
  let pinned = null;
  let most = FEW;
  let classes = /** @type {(number | string)[]} */ ([]);
  let version = 0;
  let waiting = 0; // the frame that is asked for
  let range = 1;
  /** @type {number[]} the version that each tile shows */
  const versions = [];

  /** @param {number | null} i */
  function tell(i) {
    const at = i ?? pinned;
    if (!params || at === null || at >= params.H) {
      said.textContent = ASK;
      return;
    }
    const { W2, b1, H, C } = params;
    let [best, worst] = [0, 0];
    for (let c = 1; c < C; c++) {
      if (W2[c * H + at] > W2[best * H + at]) best = c;
      if (W2[c * H + at] < W2[worst * H + at]) worst = c;
    }
    const vote = (/** @type {number} */ c) => `${classes[c] ?? c} (W2 ${W2[c * H + at].toFixed(2)})`;
    const bias = b1 ? `, b1 = ${b1[at].toFixed(2)}` : "";
    const state = dead.has(at) ? " It is dead: off for every image tried." : "";
    said.textContent = `Unit ${at}${bias}: speaks most for ${vote(best)}, most against ${vote(worst)}.${state}`;
  }

  /** Paint the tiles that are behind; those for which this frame has no time follow with the next. */
  function paintSome() {
    waiting = 0;
    if (!params || !grid.el.offsetParent) return; // nobody sees it
    const { W1, H, D } = params;
    let left = FEW;
    const shown = Math.min(H, most);
    for (let i = 0; i < shown && left; i++) {
      if (versions[i] === version) continue;
      versions[i] = version;
      left -= 1;
    }
    grid.draw(
      Array.from({ length: shown }, (_, i) => ({
        ...{ values: W1, from: i * D, range, version: versions[i], pressed: pinned === i },
        caption: dead.has(i) ? "dead" : String(i),
        label: dead.has(i) ? `Unit ${i}, dead` : `Unit ${i}`,
        kind: dead.has(i) ? "dead" : "",
      })),
    );
    if (!left && shown > FEW) ask();
  }

  function ask() {
    if (!waiting) waiting = requestAnimationFrame(paintSome);
  }

  /**
   * @param {Params} now @param {number[]} off the dead units @param {(number | string)[]} names of the classes
   * @param {{ height: number, width: number }} [shape] of an image
   */
  function draw(now, off, names, shape) {
    if (shape) {
      grid.rows = shape.height;
      grid.columns = shape.width;
    }
    params = now;
    classes = names;
    dead = new Set(off);
    version += 1;
    versions.length = Math.min(now.H, most);
    // a range for all, so that the tiles can be compared; in steps, so that it seldom changes
    const next = 2 ** (Math.ceil(2 * Math.log2(3 * deviation(now.W1, versions.length * now.D) || 1e-3)) / 2);
    if (next !== range) scale.show(next);
    range = next;
    more.hidden = now.H <= most;
    const what = now.H <= most ? `${now.H} hidden units` : `${most} of ${now.H} hidden units`;
    const gone = dead.size ? `${dead.size} of ${now.H} dead` : "none dead";
    count.textContent = `${what}, ${gone}`;
    if (pinned !== null) tell(pinned);
    ask();
  }

  const el = panel(
    {
      name: "templates",
      title: "Templates",
      what: [
        make(
          "p",
          {},
          "Each tile is a row of W1: the image that a hidden unit looks for. Ink on red speaks for the unit, ink ",
          "on blue against it. All tiles have one scale of colours.",
        ),
        make("p", {}, "A dead unit is off (h = 0) for each of the first 1,000 images held back."),
      ],
    },
    count,
    grid.el,
    more,
    scale,
    said,
  );
  return {
    el,
    draw,
    /** The colours changed. */
    repaint: () => {
      scale.show(range);
      version += 1;
      ask();
    },
  };
}

/** The square root of the mean square. @param {ArrayLike<number>} values @param {number} n */
function deviation(values, n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i] * values[i];
  return Math.sqrt(sum / n);
}
