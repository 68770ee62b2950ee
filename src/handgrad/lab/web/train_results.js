/** What the network reads as what: the table of labels by answers, and the images that it misreads. */

import { confusionTable } from "./confusion.js";
import { button, make, panel } from "./dom.js";
import { TileGrid } from "./tiles.js";
import { percent } from "./train_progress.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./train_answers.js").Answers} Answers */
/** @typedef {import("./train_answers.js").Mistake} Mistake */
/** @typedef {"held back" | "test"} Source */

const FEW = 24; // mistakes that are shown

/** @param {{ onMistake: (mistake: Mistake, source: Source) => void }} does */
export function resultsPanels({ onMistake }) {
  /** @type {{ label: number, answer: number } | null} the cell that was chosen */
  let cell = null;
  /** @type {Answers | null} */
  let answers = null;
  /** @type {Data | null} */
  let data = null;
  /** @type {Source} */
  let source = "held back";
  /** @type {Mistake[]} */
  let shown = [];
  /** @type {string[]} */
  let names = [];
  let version = 0;
  let most = FEW;

  const table = confusionTable({
    caption: "How often each label (row) was read as each answer (column)",
    onCell: (label, answer) => {
      cell = cell?.label === label && cell.answer === answer ? null : { label, answer };
      gallery();
    },
  });
  const of = make("p", { class: "quiet-text" }, "It is filled in after each epoch.");
  const grid = new TileGrid({
    ...{ label: "Images that the network misreads", scale: "ink", class: "small-tiles" },
    onPin: (i) => onMistake(shown[i], source),
  });
  const which = make("p", { class: "quiet-text" }, "The images that it misreads will stand here.");
  const all = button({
    ...{ name: "all-mistakes", label: "Show all", kind: "quiet" },
    onClick: () => {
      cell = null;
      gallery();
    },
  });
  const more = button({
    ...{ name: "more-mistakes", label: "Show more", kind: "quiet" },
    onClick: () => {
      most += FEW;
      gallery();
    },
  });
  all.hidden = true;
  more.hidden = true;

  function gallery() {
    if (!answers || !data) return;
    const chosen = answers.mistakes.filter(
      ({ label, answer }) => !cell || (cell.label === label && cell.answer === answer),
    );
    shown = chosen.slice(0, most);
    const what = cell
      ? `${names[cell.label]} read as ${names[cell.answer]}: ${chosen.length}`
      : `${chosen.length} of ${answers.N.toLocaleString("en")} ${source === "test" ? "test images" : "images held back"} misread, the surest first`;
    which.textContent = `${what}. Choose an image to step through it.`;
    all.hidden = cell === null;
    more.hidden = chosen.length <= most;
    const { images, D, height, width } = data;
    grid.rows = height;
    grid.columns = width;
    grid.draw(
      shown.map(({ index, label, answer }) => ({
        ...{ values: images, from: index * D, range: 255, version: `${version} ${index}` },
        caption: `${names[label]} as ${names[answer]}`,
        label: `A ${names[label]}, read as ${names[answer]}: step through it`,
      })),
    );
  }

  /** @param {Answers} now @param {Data} of_these @param {Source} from @param {string[]} classes */
  function draw(now, of_these, from, classes) {
    if (now.C !== answers?.C || from !== source) cell = null;
    [answers, data, source, names] = [now, of_these, from, classes];
    version += 1;
    table.draw(now.confusion, names);
    const where = source === "test" ? "test images" : "images held back";
    of.textContent = `${percent(now.right / now.N)} of ${now.N.toLocaleString("en")} ${where} are read rightly.`;
    gallery();
  }

  const confusion = panel(
    {
      name: "confusion",
      title: "What is read as what",
      what: [
        make("p", {}, "A row is a label, a column an answer: the diagonal has what is read rightly."),
        make("p", {}, "The darker a cell, the more often it happens. Choose a cell to see its images."),
      ],
    },
    make("div", { class: "confusion-place" }, table),
    of,
  );
  const mistakes = panel(
    {
      name: "mistakes",
      title: "Mistakes",
      what:
        "Images that the network misreads, the surest mistakes first. They are of those that were held back; " +
        "once you have measured on the test set, they are of the test set.",
    },
    which,
    grid.el,
    make("div", { class: "row" }, all, more),
  );
  return {
    confusion,
    mistakes,
    draw,
    repaint: () => {
      version += 1;
      gallery();
    },
  };
}
