/** The Step room: one image forward and backward through the network, with every number in reach. */

import { button, hint, make, panel, refill } from "./dom.js";
import { brokenMath } from "./formula.js";
import { cellView, said } from "./step_cell.js";
import { cellOf } from "./step_cells.js";
import { mapView } from "./step_map.js";
import { nudgeView } from "./step_nudge.js";
import { StepRoom } from "./step_room.js";
import { sourceView } from "./step_source.js";
import { TensorView } from "./step_tensor.js";
import { textOf } from "./step_texts.js";
import { updateView } from "./step_update.js";

/** @param {{ model: import("./host.js").State, el: HTMLElement }} given */
function render({ model, el }) {
  const room = new StepRoom(model, () => !el.closest("[hidden]"));
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const waiting = make("p", { class: "quiet-text" }, "The network and the test images are being read.");
  const [map, source, nudge, update] = [mapView(room), sourceView(room), nudgeView(room), updateView(room)];
  const stage = stageView(room);
  const cell = cellView(room);
  const cellPanel = panel(
    {
      name: "cell",
      title: "One number",
      what:
        "Every number of the walk was made from others. Here is its formula, with letters and with " +
        "the numbers in it, and the terms that add up to it.",
      class: "step-cell-panel",
    },
    cell.el,
  );
  const parts = make(
    "div",
    { class: "step-room" },
    source.el,
    map.el,
    make("div", { class: "step-main" }, stage.el, cellPanel),
    make("div", { class: "step-below" }, nudge.el, update.el),
  );
  refill(el, problem, waiting, parts);

  room.on((topic) => {
    problem.hidden = !room.problem;
    problem.textContent = room.problem;
    const ready = Boolean(room.walk);
    parts.dataset.stage = room.stage;
    waiting.hidden = ready || Boolean(room.problem);
    for (const part of [map.el, stage.el, cellPanel]) part.hidden = !ready;
    if (topic === "walk" || topic === "problem") {
      source.draw();
      nudge.draw();
      update.draw();
      map.draw();
    }
    if (topic === "stage") map.mark();
    if (topic === "walk" || topic === "stage" || topic === "rate") stage.draw(topic);
    if (topic === "rate") update.draw();
    if (topic === "cell" && room.pinned && !room.hovered) nudge.follow();
    const explained = cell.show();
    cellPanel.classList.toggle("chosen", Boolean(explained));
    stage.light(explained);
  });

  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const target = /** @type {HTMLElement} */ (event.target);
    const onPage = target === document.body && !el.closest(".in-notebook") && el.offsetParent !== null;
    if (!by || event.altKey || event.ctrlKey || event.metaKey || !(onPage || el.contains(target))) return;
    if (target.closest("input, select")) return;
    event.preventDefault();
    room.move(by);
  };
  document.addEventListener("keydown", keys);
  room.open();
  return () => {
    document.removeEventListener("keydown", keys);
    room.close();
  };
}

/** The stage that is looked at: what happens, the formula, the tensors. @param {StepRoom} room */
function stageView(room) {
  const title = make("h2", { class: "panel-title", tabindex: -1 });
  const text = make("div", { class: "step-text" });
  const formulas = make("div", { class: "step-formula general" });
  const asked = make("ul", { class: "step-asked" });
  const tensors = make("div", { class: "step-tensors" });
  const all = button({
    name: "step-all-units",
    label: "",
    kind: "quiet",
    onClick: () => {
      room.all = !room.all;
      room.compute();
    },
  });
  const ranges = button({
    name: "step-ranges",
    label: "A colour range for each tile",
    title: "The colours of each tile reach to its own largest number, not to the largest of all tiles",
    kind: "quiet",
    pressed: false,
    onClick: () => {
      room.ownRanges = !room.ownRanges;
      ranges.setAttribute("aria-pressed", String(room.ownRanges));
      for (const view of views) view.draw();
    },
  });
  const el = make(
    "section",
    { class: "panel step-stage", "data-look": "stage" },
    make("div", { "aria-live": "polite" }, title, text),
    formulas,
    tensors,
    make("div", { class: "row" }, all, ranges),
    asked,
  );
  /** @type {TensorView[]} */
  let views = [];
  let built = "";

  /** @param {string} topic */
  function draw(topic) {
    const { walk, stage } = room;
    if (!walk) return;
    const key = [stage, room.all, room.units.join(), walk.loss, walk.activation, walk.params.D].join(" ");
    if (key !== built) build();
    built = key;
    if (topic === "rate" && stage !== "update") return;
    for (const view of views) view.draw();
  }

  function build() {
    const { walk, stage } = room;
    if (!walk) return;
    const about = textOf(stage, walk);
    title.textContent = about.title;
    refill(
      text,
      about.what.map((sentence) => make("p", {}, sentence)),
    );
    refill(
      formulas,
      about.formulas.map((formula) => make("div", {}, brokenMath(formula))),
    );
    refill(
      asked,
      about.asked.map(([question, answer]) =>
        make("li", {}, hint(question, answer), make("span", {}, question)),
      ),
    );
    const made = stage === "update" ? /^new_/ : new RegExp(`^(${made_in(stage).join("|")})$`);
    views = about.shows.map(
      (name) =>
        new TensorView(room, name, {
          made: made.test(name),
          most: stage === "update" ? 232 : 600, // old, gradient and new stand side by side
          describe: (index) => (room.walk ? said(cellOf(room.walk, name, index, room.rate), room) : ""),
        }),
    );
    refill(
      tensors,
      views.map((view) => view.el),
    );
    const H = walk.params.H.toLocaleString("en");
    const units = about.shows.some((name) => /1$|2$|^a$|^h$|_a$|_h$/.test(name));
    ranges.hidden = !about.shows.some((name) => name.endsWith("W1"));
    all.hidden = !units || (walk.params.H <= room.units.length && !room.all);
    all.textContent = room.all
      ? "Show the strongest units only"
      : `Show all ${H} hidden units (now: the ${room.units.length} strongest)`;
  }

  /** @param {string} stage */
  function made_in(stage) {
    return [stage, stage.replace("W", "b")];
  }

  /** Light up the terms of a cell. @param {import("./step_cells.js").Cell | null} cell */
  function light(cell) {
    /** @type {Map<string, Set<number>>} */
    const lit = new Map();
    for (const { factors } of cell?.terms ?? []) {
      for (const { tensor, index } of factors) {
        const known = lit.get(tensor) ?? new Set();
        lit.set(tensor, known.add(index));
      }
    }
    for (const view of views) {
      view.light(lit.get(view.name) ?? new Set(), cell?.tensor === view.name ? cell.index : null);
    }
  }

  return { el, draw, light };
}

export default { render };
