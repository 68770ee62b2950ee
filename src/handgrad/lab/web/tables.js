/**
 * Tables (CSV) of small images: a row for each, with its label and its pixels, all whole numbers from 0 to 255. They
 * are read byte by byte: the well-known table of MNIST has 47 million numbers. An Error says in one line what was
 * expected and what was found.
 */

const LABEL = /^(label|class|target|digit|y)s?$/i;
const MOST = 255;
const [NEWLINE, RETURN, ZERO] = [10, 13, 48];
const MARK = [0xef, 0xbb, 0xbf]; // some programs write it before the first sign of a text

/**
 * The images and labels of a table. The label is in the column that a first line of names calls label, class, target,
 * digit or y; without such a name in the first column, or in the last if all numbers of the first are the same.
 * @param {{ name: string, bytes: Uint8Array }} file
 * @returns {{ images: Uint8Array, labels: Uint8Array, N: number, D: number }}
 */
export function parseTable({ name, bytes }) {
  const start = MARK.every((byte, i) => bytes[i] === byte) ? MARK.length : 0;
  const rows = linesOf(bytes, start);
  const head = rows.next().value;
  if (!head) throw new Error(`${name}: expected a table with an image in each row; it is empty`);
  const first = textOf(bytes, head.from, Math.min(head.to, head.from + (1 << 22)));
  if (first.includes("\0")) throw new Error(`${name}: expected a table (CSV) or IDX files; this is neither`);
  const sign = [",", ";", "\t"].find((each) => first.includes(each)) ?? ",";
  const words = first.split(sign).map(bare);
  const columns = words.length;
  if (columns < 2) {
    const got = JSON.stringify(first.slice(0, 40));
    throw new Error(`${name}: expected a label and pixels in each row, separated by commas; got ${got}`);
  }
  const named = words.some((word) => word !== "" && Number.isNaN(Number(word)));
  const values = new Uint8Array(Math.ceil((bytes.length - start + 1) / 2)); // a digit and a comma for each, at least
  let read = 0;
  if (!named) read += readRow(bytes, head, sign, columns, values, read, name);
  for (const line of rows) read += readRow(bytes, line, sign, columns, values, read, name);
  if (read === 0) throw new Error(`${name}: expected an image in each row below the names; no row follows`);
  const by_name = named ? words.findIndex((word) => LABEL.test(word)) : -1;
  return split(values.subarray(0, read), columns, by_name < 0 ? likelyPlace(values, read, columns) : by_name);
}

/** The lines that are not blank: their numbers, from 1, and their places. @param {Uint8Array} bytes @param {number} at */
function* linesOf(bytes, at) {
  for (let [from, line] = [at, 1]; from < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, from);
    const end = found < 0 ? bytes.length : found;
    const to = end > from && bytes[end - 1] === RETURN ? end - 1 : end;
    if (to - from > 100 || textOf(bytes, from, to).trim() !== "") yield { from, to, line };
    from = end + 1;
  }
}

/**
 * The numbers of a line into values, from `at` on -> how many they are.
 * @param {Uint8Array} bytes @param {{ from: number, to: number, line: number }} line @param {string} sign
 * @param {number} columns @param {Uint8Array} values @param {number} at @param {string} name
 */
function readRow(bytes, { from, to, line }, sign, columns, values, at, name) {
  const code = sign.charCodeAt(0);
  let column = 0;
  for (let begin = from; begin <= to; column++) {
    let value = 0;
    let end = begin;
    for (; end < to && bytes[end] !== code; end++) {
      const digit = bytes[end] - ZERO;
      value = digit >= 0 && digit <= 9 ? 10 * value + digit : Number.NaN;
    }
    if (end === begin || !(value <= MOST)) {
      const word = textOf(bytes, begin, Math.min(end, begin + 40));
      value = bare(word) === "" ? Number.NaN : Number(bare(word)); // in quotes, or 3.0
      if (!Number.isInteger(value) || value < 0 || value > MOST) {
        const expected = `expected a whole number from 0 to ${MOST}`;
        throw new Error(`${name}, line ${line}: ${expected}; got ${JSON.stringify(word.slice(0, 20))}`);
      }
    }
    if (column < columns) values[at + column] = value;
    begin = end + 1;
  }
  if (column !== columns) {
    throw new Error(
      `${name}, line ${line}: expected ${columns} numbers, as in the first line; got ${column}`,
    );
  }
  return columns;
}

/**
 * The column of the labels where none is named.
 * @param {Uint8Array} values @param {number} length @param {number} columns
 */
function likelyPlace(values, length, columns) {
  const varies = (/** @type {number} */ column) => {
    for (let i = column; i < length; i += columns) if (values[i] !== values[column]) return true;
    return false;
  };
  return !varies(0) && varies(columns - 1) ? columns - 1 : 0;
}

/** @param {Uint8Array} values @param {number} columns @param {number} place of the label */
function split(values, columns, place) {
  const [N, D] = [values.length / columns, columns - 1];
  const images = new Uint8Array(N * D);
  const labels = new Uint8Array(N);
  for (let i = 0; i < N; i++) {
    const row = values.subarray(i * columns, (i + 1) * columns);
    labels[i] = row[place];
    images.set(row.subarray(0, place), i * D);
    images.set(row.subarray(place + 1), i * D + place);
  }
  return { images, labels, N, D };
}

/** @param {Uint8Array} bytes @param {number} from @param {number} to */
function textOf(bytes, from, to) {
  return new TextDecoder().decode(bytes.subarray(from, to));
}

/** A word without spaces and quotes around it. @param {string} word */
function bare(word) {
  return word.trim().replace(/^(["'])(.*)\1$/, "$2");
}
