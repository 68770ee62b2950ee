/**
 * The outlines of ink, and from them how wide its strokes are: the mirror of findContours and arcLength.
 *
 * @typedef {import("./images.js").Ink} Ink
 */

const ROOT = Math.SQRT2;
const LENGTHS = [1, ROOT, 1, ROOT, 1, ROOT, 1, ROOT]; // of a step right, up right, up, ...

/** The mean width of the strokes, in pixels: 2 area / length of the outline. @param {Ink} ink */
export function strokeWidth({ values, rows, columns }) {
  const room = columns + 2;
  const marks = new Int8Array(room * (rows + 2)); // 1 ink, 2 and -2: on an outline
  let area = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (values[y * columns + x] <= 0.5) continue;
      marks[(y + 1) * room + x + 1] = 1;
      area += 1;
    }
  }
  const around = outlineLength(marks, room);
  return around ? (2 * area) / around : 0;
}

/**
 * The length of all outlines, of ink and of its holes, followed from pixel to pixel.
 * Source: Suzuki and Abe, "Topological structural analysis of digitized binary images by border following", 1985.
 * @param {Int8Array} marks 1 where there is ink, blank at the border; changed @param {number} room pixels in a row
 */
function outlineLength(marks, room) {
  const ways = [1, 1 - room, -room, -room - 1, -1, room - 1, room, room + 1]; // counterclockwise from the right
  let length = 0;
  for (let at = room + 1; at < marks.length - room - 1; at++) {
    if (marks[at] === 1 && marks[at - 1] === 0) length += follow(marks, ways, at, 4);
    else if (marks[at] > 0 && marks[at + 1] === 0) length += follow(marks, ways, at, 0);
  }
  return length;
}

/** @param {Int8Array} marks @param {number[]} ways @param {number} start @param {number} from way to the paper */
function follow(marks, ways, start, from) {
  let way = from;
  do
    way = (way + 7) % 8; // clockwise
  while (way !== from && marks[start + ways[way]] === 0);
  if (way === from) {
    marks[start] = -2; // a single pixel
    return 0;
  }
  const last = start + ways[way];
  let length = 0;
  for (let here = start; ; ) {
    let isRightBlank = false;
    do {
      way = (way + 1) % 8;
      if (way === 0 && marks[here + 1] === 0) isRightBlank = true;
    } while (marks[here + ways[way]] === 0);
    if (isRightBlank) marks[here] = -2;
    else if (marks[here] === 1) marks[here] = 2;
    const next = here + ways[way];
    length += LENGTHS[way];
    if (next === start && here === last) return length;
    way = (way + 4) % 8; // seen from the next pixel, the way back
    here = next;
  }
}
