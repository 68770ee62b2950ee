/** The pad: strokes by mouse, finger, pen or keyboard, and how they are shown. */

import { button, make, newId, slider, spoken } from "./dom.js";
import { blank, extend, PENS, SIDE } from "./strokes.js";

/** @typedef {import("./strokes.js").Drawing} Drawing */

const PIXELS = 560; // of the canvas; CSS sizes it
const CELLS = 28; // the keyboard's grid

export class Pad {
  /** @param {{ onInk: (done: boolean) => void, onPen: (pen: number) => void }} heard */
  constructor({ onInk, onPen }) {
    this.onInk = onInk;
    /** @type {Drawing} */
    this.drawing = blank();
    /** @type {number[] | null} the stroke that is being drawn */
    this.stroke = null;
    this.pointer = -1;
    /** @type {Uint8Array | null} an image that is shown in the place of strokes */
    this.image = null;
    this.cursor = [14, 14];
    this.penDown = false;
    this.news = spoken(300);
    const help = newId("pad-help");
    this.canvas = make("canvas", {
      class: "pad-canvas",
      width: PIXELS,
      height: PIXELS,
      tabindex: 0,
      role: "application",
      "aria-label": "Pad: draw a digit here",
      "aria-describedby": help,
    });
    this.canvas.setAttribute("data-look", "canvas");
    this.cell = make("div", { class: "pad-cursor", hidden: true });
    this.pen = slider({
      name: "pen",
      label: "Pen",
      what: "How wide the pen is, as a share of the pad. Thin strokes are widened on the way to 28 × 28.",
      values: PENS,
      value: this.drawing.pen,
      show: (pen) => `${Math.round(100 * pen)} %`,
      onInput: (pen) => {
        this.drawing.pen = pen;
        this.paint();
        onPen(pen);
        this.onInk(true);
      },
    });
    this.el = make(
      "div",
      { class: "pad" },
      make("div", { class: "pad-place" }, this.canvas, this.cell, this.news.el),
      make(
        "p",
        { id: help, class: "quiet-text pad-help" },
        "Keyboard: arrows move, Space puts the pen down or lifts it, Backspace undoes, Delete clears.",
      ),
      make(
        "div",
        { class: "row" },
        button({
          name: "clear",
          label: "Clear",
          kind: "main",
          onClick: () => this.show(blank(this.drawing.pen), true),
        }),
        button({ name: "undo", label: "Undo", onClick: () => this.undo() }),
      ),
      this.pen,
    );
    this.listen();
  }

  listen() {
    const { canvas } = this;
    const add = (/** @type {PointerEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) {
        const [x, y] = [(each.clientX - box.left) / box.width, (each.clientY - box.top) / box.height];
        if (extend(/** @type {number[]} */ (this.stroke), x, y)) this.paintLast();
      }
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.pointer >= 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.pointer = event.pointerId;
      this.begin();
      add(event);
      this.onInk(false);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.pointer || !this.stroke) return;
      add(event);
      this.onInk(false);
    });
    const end = (/** @type {PointerEvent} */ event) => {
      if (event.pointerId !== this.pointer) return;
      this.pointer = -1;
      this.stroke = null;
      this.onInk(true);
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.showCursor(canvas.matches(":focus-visible")));
    canvas.addEventListener("blur", () => {
      this.lift();
      this.showCursor(false);
    });
  }

  begin() {
    this.image = null;
    this.stroke = [];
    this.drawing.strokes.push(this.stroke);
    if (this.drawing.strokes.length === 1) this.paint();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      const [x, y] = this.cursor;
      this.cursor = [Math.max(0, Math.min(CELLS - 1, x + dx)), Math.max(0, Math.min(CELLS - 1, y + dy))];
      if (this.penDown) this.ink();
    } else if (event.key === " ") {
      this.penDown = !this.penDown;
      if (this.penDown) {
        this.begin();
        this.ink();
      } else this.lift();
    } else if (event.key === "Backspace") this.undo();
    else if (event.key === "Delete") this.show(blank(this.drawing.pen), true);
    else return;
    this.showCursor(true);
    const [x, y] = this.cursor;
    this.news.say(`Column ${x + 1}, row ${y + 1}, pen ${this.penDown ? "down" : "up"}`);
    event.preventDefault();
  }

  ink() {
    const [x, y] = this.cursor;
    if (this.stroke && extend(this.stroke, (x + 0.5) / CELLS, (y + 0.5) / CELLS)) this.paintLast();
    this.onInk(true);
  }

  lift() {
    if (!this.penDown && !this.stroke) return;
    this.penDown = false;
    this.stroke = null;
    this.onInk(true);
  }

  /** @param {boolean} on */
  showCursor(on) {
    const [x, y] = this.cursor;
    this.cell.hidden = !on;
    this.cell.classList.toggle("down", this.penDown);
    this.cell.style.left = `${(100 * x) / CELLS}%`;
    this.cell.style.top = `${(100 * y) / CELLS}%`;
  }

  undo() {
    this.stroke = null;
    this.penDown = false;
    this.image = null;
    this.drawing.strokes.pop();
    this.paint();
    this.onInk(true);
  }

  /** Show a drawing. @param {Drawing} drawing @param {boolean} [tell] */
  show(drawing, tell = false) {
    this.drawing = drawing;
    this.stroke = null;
    this.penDown = false;
    this.image = null;
    this.pen.choose(drawing.pen);
    this.paint();
    if (tell) this.onInk(true);
  }

  /** Show an image (784) in the place of strokes. @param {Uint8Array} image */
  showImage(image) {
    this.show(blank(this.drawing.pen));
    this.image = image;
    this.paint();
  }

  paint() {
    const context = this.context();
    context.clearRect(0, 0, PIXELS, PIXELS);
    if (this.image) {
      const cell = PIXELS / CELLS;
      this.image.forEach((pixel, i) => {
        context.globalAlpha = pixel / 255;
        if (pixel) context.fillRect((i % CELLS) * cell, Math.floor(i / CELLS) * cell, cell + 0.5, cell + 0.5);
      });
      context.globalAlpha = 1;
    }
    for (const stroke of this.drawing.strokes) {
      for (let i = 0; i < stroke.length; i += 2) this.line(context, stroke, i);
    }
  }

  paintLast() {
    const stroke = this.stroke;
    if (stroke) this.line(this.context(), stroke, stroke.length - 2);
  }

  context() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const ink = getComputedStyle(this.canvas).color;
    Object.assign(context, { fillStyle: ink, strokeStyle: ink, lineCap: "round", lineJoin: "round" });
    context.lineWidth = this.drawing.pen * PIXELS;
    return context;
  }

  /** @param {CanvasRenderingContext2D} context @param {number[]} stroke @param {number} i */
  line(context, stroke, i) {
    const from = Math.max(0, i - 2);
    const place = (/** @type {number} */ n) => (n * PIXELS) / SIDE;
    context.beginPath();
    context.moveTo(place(stroke[from]), place(stroke[from + 1]));
    context.lineTo(place(stroke[i]) + (i === 0 ? 0.01 : 0), place(stroke[i + 1]));
    context.stroke();
  }
}
