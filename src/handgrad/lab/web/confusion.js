/** The confusion matrix. */

import { make, refill } from "./dom.js";

/**
 * Labels (rows) against answers (columns), as a table. A cell of wrong answers can be chosen: onCell(label, answer).
 * @param {{ caption: string, onCell: (label: number, answer: number) => void }} about
 */
export function confusionTable({ caption, onCell }) {
  const body = make("tbody");
  const head = make("tr");
  const el = make(
    "table",
    { class: "confusion" },
    make("caption", { class: "spoken" }, caption),
    make("thead", {}, head),
    body,
  );
  /** @type {HTMLElement[][]} */
  let cells = [];
  /** @type {(HTMLElement & { disabled?: boolean })[]} */
  let buttons = [];
  let classes = -1;

  /** @param {string[]} names */
  function build(names) {
    classes = names.length;
    refill(
      head,
      make("td", { class: "corner" }, "label"),
      names.map((name) => make("th", { scope: "col" }, name)),
    );
    buttons = [];
    cells = names.map((_, label) =>
      names.map((__, answer) => {
        if (label === answer) return make("td", { class: "right-answer" });
        const at = buttons.length;
        const button = make("button", {
          type: "button",
          tabindex: at ? -1 : 0,
          on: {
            click: () => onCell(label, answer),
            keydown: (/** @type {KeyboardEvent} */ event) => step(event, label, answer),
          },
        });
        buttons.push(button);
        return make("td", {}, button);
      }),
    );
    refill(
      body,
      cells.map((row, i) => make("tr", {}, make("th", { scope: "row" }, names[i]), row)),
    );
  }

  /** The arrow keys go from cell to cell. @param {KeyboardEvent} event @param {number} label @param {number} answer */
  function step(event, label, answer) {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    let [row, column] = [label + by[0], answer + by[1]];
    if (row === column) [row, column] = [row + by[0], column + by[1]]; // over the diagonal
    const next = cells[row]?.[column]?.querySelector("button");
    if (!next) return;
    for (const each of buttons) each.tabIndex = each === next ? 0 : -1;
    next.focus();
  }

  /** @param {ArrayLike<number>} counts (C, C): labels by answers @param {string[]} names of the classes */
  const draw = (counts, names) => {
    if (classes !== names.length) build(names);
    const C = names.length;
    let most = 1;
    for (let i = 0; i < C * C; i++) if (i % (C + 1)) most = Math.max(most, counts[i]);
    for (let i = 0; i < C * C; i++) {
      const [label, answer] = [Math.floor(i / C), i % C];
      const cell = cells[label][answer];
      const place = cell.querySelector("button") ?? cell;
      const text = counts[i] ? String(counts[i]) : "·";
      if (place.textContent !== text) place.textContent = text;
      if (label === answer) continue;
      place.setAttribute("aria-label", `${names[label]} read as ${names[answer]}: ${counts[i]}`);
      cell.style.setProperty("--share", String(Math.sqrt(counts[i] / most)));
    }
  };
  return Object.assign(el, { draw });
}
