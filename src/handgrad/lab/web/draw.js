/** The Draw room: a digit is drawn, and one sees what the network makes of it. */

import { button, choice, files, make, panel, refill, spoken } from "./dom.js";
import { examplesView } from "./draw_examples.js";
import { isModel, readModel, readPicture, whenPasted } from "./draw_files.js";
import { ledgerView } from "./draw_ledger.js";
import { outputsView, percent } from "./draw_outputs.js";
import { Pad } from "./draw_pad.js";
import { DrawRoom } from "./draw_room.js";
import { baselineView, collapseView } from "./draw_ten.js";
import { unitView } from "./draw_unit.js";
import { unitsView } from "./draw_units.js";
import { wayView } from "./draw_way.js";
import { watch } from "./host.js";
import { prepareDrawing } from "./prepare.js";
import { blank, decode, encode } from "./strokes.js";

const PAUSE = 100; // milliseconds

/** @param {{ model: import("./host.js").State, el: HTMLElement }} given */
function render({ model, el }) {
  const room = new DrawRoom(model);
  const news = spoken();
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  let frame = 0;
  let began = 0; // when the pointer moved that the next frame answers
  let own = false; // whether this room changes the state itself

  const pad = new Pad({ onInk: inked, onPen: () => {} });
  const hover = (/** @type {number | null} */ unit) => {
    room.hovered = unit;
    soon();
  };
  const set = (/** @type {string} */ key, /** @type {any} */ value) => {
    model.set(key, value);
    model.save_changes();
  };
  const pin = (/** @type {number} */ unit) => set("unit", model.get("unit") === unit ? null : unit);
  const outputs = outputsView(room, (digit) => set("digit", model.get("digit") === digit ? null : digit));
  const baseline = baselineView(room, (on) => set("baseline", on));
  const collapse = collapseView(room, (on) => set("relu", on));
  const way = wayView(room);
  const units = unitsView(room, hover, pin);
  const unit = unitView(room, () => set("unit", null));
  const ledger = ledgerView(room, hover, pin);
  const examples = examplesView((image, label) => {
    showImage(image, null, label);
  });
  const views = [outputs, way, units, baseline, collapse];
  const slower = [unit, ledger]; // they have the most text: while a stroke goes on they follow a little later
  let told = 0; // when the slower parts were shown

  const label = choice({
    name: "label",
    label: "This was a",
    what: "Say which digit you meant. The Step room compares the outputs with it.",
    options: [["", "–"]],
    value: "",
    onChange: (value) => set("label", value === "" ? null : Number(value)),
  });
  const step = button({
    name: "step-through",
    label: "Step through it",
    title: "Walk through the network with this drawing, number by number",
    onClick: () => {
      model.set("example", "drawing");
      set("room", "step");
    },
  });
  step.hidden = model.get("widget") === "draw"; // alone in a notebook there is no such room
  const chosen = files(el, { name: "picture", label: "Open a file", accept: "image/*,.safetensors" }, take);
  const draw = panel(
    {
      name: "draw",
      title: "Draw a digit",
      what: [
        make(
          "p",
          {},
          "Draw with the mouse, a finger, a pen, or with the keyboard. The network answers while you draw.",
        ),
        make(
          "p",
          {},
          "You can also drop or paste a picture of a digit, or drop a network as a model file (.safetensors). ",
          "Nothing leaves this page.",
        ),
      ],
      class: "draw-pad-panel",
    },
    pad.el,
  );
  const drawing = panel(
    {
      name: "drawing",
      title: "This drawing",
      what: [
        make("p", {}, "Say which digit you meant, and walk through the network with it, number by number."),
        make("p", {}, "Open a picture of a digit to see it read, or a model file to use another network."),
        make("p", {}, "Examples are digits of MNIST's test set."),
      ],
      class: "draw-more",
    },
    make("div", { class: "draw-more-parts" }, label, step, chosen, examples.ask),
    examples.el,
  );
  const others = panel(
    {
      name: "beside",
      title: "Other ways to read it",
      what: "What simpler ways make of the same drawing: they show what the hidden units are good for.",
      class: "draw-others",
    },
    baseline.el,
    collapse.el,
  );
  const column = (/** @type {HTMLElement[]} */ ...panels) => make("div", { class: "draw-column" }, panels);
  const columns = [column(draw, drawing, way.el), column(outputs.el, others), column(units.el, unit.el)];
  const parts = make("div", { class: "draw-room" }, columns, ledger.el);
  refill(el, problem, parts, news.el);

  /** @param {boolean} done */
  function inked(done) {
    began ||= performance.now();
    if (room.reader) room.problem = ""; // of a file that came before
    if (done) {
      prepare();
      keep(encode(pad.drawing));
    }
    soon(!done);
  }

  function prepare() {
    const prepared = prepareDrawing(pad.drawing);
    room.show(prepared?.image ?? null, prepared);
  }

  /** Show an image that is no drawing. @param {Uint8Array} image
   * @param {import("./prepare.js").Prepared | null} prepared @param {number | null} [right] */
  function showImage(image, prepared, right = null) {
    pad.showImage(image);
    room.show(image, prepared);
    keep("", right);
    soon();
  }

  /** The state follows what is shown. @param {string} drawing @param {number | null} [right] */
  function keep(drawing, right = null) {
    own = true;
    model.set("image", room.image);
    model.set("drawing", drawing);
    model.set("label", right);
    model.save_changes();
    own = false;
  }

  let inking = false;
  /** Show all in the next frame. @param {boolean} [ink] whether the pad has new ink */
  function soon(ink = false) {
    inking ||= ink;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (inking) prepare();
      inking = false;
      all();
      if (began) performance.measure("stroke to answer", { start: began });
      began = 0;
    });
  }

  function all() {
    for (const view of views) view.draw();
    if (!pad.stroke || performance.now() - told > PAUSE) {
      for (const view of slower) view.draw();
      told = performance.now();
    }
    problem.hidden = !room.problem;
    problem.textContent = room.problem;
    const { answer, classes } = room;
    step.disabled = !room.image;
    label.control.disabled = !room.image;
    label.choose(model.get("label") === null ? "" : String(model.get("label")));
    if (answer) {
      const { confidence } = answer.judged;
      const sure = confidence === null ? "" : `, confidence ${percent(confidence)}`;
      news.say(`The network reads ${classes[answer.answer]}${sure}.`);
    }
  }

  /** @param {File[]} given */
  async function take(given) {
    for (const file of given) {
      try {
        if (isModel(file)) {
          const bytes = await readModel(file);
          model.set("network_name", file.name);
          set("model_file", bytes);
        } else {
          const { image, prepared } = await readPicture(file);
          showImage(image, prepared);
        }
        room.problem = room.reader ? "" : room.problem;
      } catch (error) {
        room.problem = `${file.name}: ${error instanceof Error ? error.message : error}`;
      }
      soon();
    }
  }

  const ends = [
    whenPasted(() => el.isConnected && !el.hidden, take),
    watch(model, ["model_file"], () => {
      room.open();
      const options = room.classes.map((each, c) => make("option", { value: c }, each));
      refill(label.control, make("option", { value: "" }, "–"), options);
      soon();
    }),
    watch(model, ["drawing"], () => {
      if (own) return;
      const text = model.get("drawing");
      const image = model.get("image");
      if (!text && image) return showImage(image, null, model.get("label"));
      pad.show(text ? decode(text) : blank(pad.drawing.pen));
      prepare();
      keep(text, model.get("label"));
      soon();
    }),
    watch(model, ["image"], () => {
      const image = model.get("image");
      if (own || image?.join() === room.image?.join()) return;
      if (image) return showImage(image, null, model.get("label"));
      pad.show(blank(pad.drawing.pen), true);
    }),
    watch(model, ["digit", "unit", "label"], () => soon()),
    watch(model, ["relu", "baseline"], () => {
      room.read();
      soon();
    }),
    watch(model, ["dark"], () => {
      pad.paint();
      soon();
    }),
  ];
  return () => {
    cancelAnimationFrame(frame);
    for (const end of ends) end();
  };
}

export default { render };
