/**
 * How a tensor lies as a picture: which cell stands in which row and column. No DOM.
 *
 * Tensors over hidden units show some of the units, in one order everywhere, so that the columns of h and of W2
 * stand under each other; W1 shows a tile a unit, for row k of W1 is template k.
 *
 * @typedef {import("./step_maths.js").Tensor} Tensor
 * @typedef {{ rows: number, columns: number, indexAt: (row: number, column: number) => number,
 *   placeOf: (index: number) => { row: number, column: number } | null, tile: [number, number] | null }} Layout
 *   indexAt is -1 where there is no cell
 */

const GAP = 1; // between tiles, in cells
export const SHOWN = 24; // hidden units that a picture shows at first

/** The hidden units to show: those that say most, by |h|, the strongest first.
 * @param {import("./types.js").Numbers} h @param {number} most @returns {number[]} */
export function strongestUnits(h, most) {
  const order = Array.from(h, (_, k) => k).sort((i, j) => Math.abs(h[j]) - Math.abs(h[i]) || i - j);
  return order.slice(0, most);
}

/** The layout of a tensor of the walk. plane: height and width of an image.
 * @param {Tensor} tensor @param {number} H @param {number[]} units shown @param {[number, number]} plane
 * @param {number} [acrossTiles] tiles in a row @returns {Layout} */
export function layoutOf({ name, shape }, H, units, plane, acrossTiles = 8) {
  const kind = kindOf(name);
  if (kind === "tiles") return tiles(units, plane, acrossTiles);
  if (kind === "image")
    return grid(
      plane[0],
      plane[1],
      (i) => i,
      (i) => i,
    );
  if (kind === "scalar")
    return grid(
      1,
      1,
      (i) => i,
      (i) => i,
    );
  const columns = shape[shape.length - 1];
  if (kind === "classes")
    return grid(
      1,
      columns,
      (i) => i,
      (i) => i,
    );
  // A row of the shown units (a, h, b1), or a row a class (W2).
  const column = new Map(units.map((unit, i) => [unit, i]));
  const rows = kind === "votes" ? shape[0] : 1;
  const n = units.length;
  return grid(
    rows,
    n,
    (i) => Math.floor(i / n) * H + units[i % n],
    (index) => {
      const at = column.get(index % H);
      return at === undefined ? -1 : Math.floor(index / H) * n + at;
    },
  );
}

/** What a tensor of the walk runs over. @param {string} name
 * @returns {"image" | "tiles" | "units" | "votes" | "classes" | "scalar"} */
export function kindOf(name) {
  const of = name.replace(/^(grad_|new_)/, "");
  if (of === "x") return "image";
  if (of === "W1") return "tiles";
  if (of === "W2") return "votes";
  if (of === "L") return "scalar";
  return of === "a" || of === "h" || of === "b1" ? "units" : "classes";
}

/** The hidden unit that a cell belongs to, or null. @param {string} tensor @param {number} index
 * @param {number} H @param {number} D @returns {number | null} */
export function unitOf(tensor, index, H, D) {
  const kind = kindOf(tensor);
  if (kind === "tiles") return Math.floor(index / D);
  if (kind === "votes") return index % H;
  return kind === "units" ? index : null;
}

/** @param {number} rows @param {number} columns @param {(place: number) => number} toIndex
 * @param {(index: number) => number} toPlace @returns {Layout} */
function grid(rows, columns, toIndex, toPlace) {
  return {
    rows,
    columns,
    tile: null,
    indexAt: (row, column) =>
      row < 0 || column < 0 || row >= rows || column >= columns ? -1 : toIndex(row * columns + column),
    placeOf: (index) => {
      const place = toPlace(index);
      return place < 0 ? null : { row: Math.floor(place / columns), column: place % columns };
    },
  };
}

/** @param {number[]} units @param {[number, number]} plane @param {number} across @returns {Layout} */
function tiles(units, [height, width], across) {
  const perRow = Math.min(across, units.length);
  const slot = new Map(units.map((unit, i) => [unit, i]));
  const D = height * width;
  return {
    rows: Math.ceil(units.length / perRow) * (height + GAP) - GAP,
    columns: perRow * (width + GAP) - GAP,
    tile: [height, width],
    indexAt: (row, column) => {
      const [y, x] = [row % (height + GAP), column % (width + GAP)];
      const [down, along] = [Math.floor(row / (height + GAP)), Math.floor(column / (width + GAP))];
      const unit = units[down * perRow + along];
      const inside = row >= 0 && column >= 0 && y < height && x < width && along < perRow;
      return inside && unit !== undefined ? unit * D + y * width + x : -1;
    },
    placeOf: (index) => {
      const at = slot.get(Math.floor(index / D));
      if (at === undefined) return null;
      const [y, x] = [Math.floor((index % D) / width), index % width];
      const [down, along] = [Math.floor(at / perRow), at % perRow];
      return { row: down * (height + GAP) + y, column: along * (width + GAP) + x };
    },
  };
}
