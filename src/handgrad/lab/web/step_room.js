/**
 * What the Step room knows: the network, the image and its label, the walk through them, the stage and the cell
 * that are looked at. Its parts hear of changes by topic. No DOM.
 *
 * @typedef {import("./host.js").State} State
 * @typedef {import("./types.js").Network} Network
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./step_maths.js").Walk} Walk
 * @typedef {"walk" | "stage" | "cell" | "rate" | "problem"} Topic
 * @typedef {{ tensor: string, index: number }} Place
 * @typedef {"readNetwork" | "start" | "repaint"} Task
 */
import { loadTest } from "./digits.js";
import { allFinite, predict } from "./network.js";
import { load, save } from "./safetensors.js";
import { chosenExample, pictureOf } from "./step_example.js";
import { SHOWN, strongestUnits, unitOf } from "./step_layout.js";
import { inDouble, stages, stepped, takeSteps, walkThrough } from "./step_maths.js";

const NO_DRAWING = "There is no drawing yet: draw a digit in the Draw room.";

export class StepRoom {
  /** @param {State} model @param {() => boolean} [seen] whether the room is looked at */
  constructor(model, seen = () => true) {
    this.model = model;
    this.seen = seen;
    /** @type {Set<Task>} what is left to do until the room is looked at */
    this.left = new Set();
    /** @type {((topic: Topic) => void)[]} */
    this.heard = [];
    /** @type {Network | null} */
    this.network = null;
    /** @type {Data | null} */
    this.data = null;
    /** @type {Walk | null} */
    this.walk = null;
    this.problem = "";
    this.noData = ""; // why there are no test images
    this.rate = 0.01;
    this.all = false; // show all hidden units
    this.ownRanges = false; // each tile has its own range of colours
    /** @type {number[]} */
    this.units = [];
    this.stage = "x";
    /** @type {Place | null} */
    this.pinned = null;
    /** @type {Place | null} */
    this.hovered = null;
    /** @type {number[]} losses at the start and after each step taken */
    this.losses = [];
    /** @type {import("./types.js").Numbers | null} the outputs before the first step */
    this.firstOutputs = null;
    /** @type {{ bytes: Uint8Array, name: string } | null} the network before a kept one took its place */
    this.before = null;
    this.keeping = false;
    this.closed = false;
    /** @type {number[]} all hidden units, the strongest first */
    this.order = [];
    /** @type {import("./types.js").Params | null} */
    this.params = null;
    /** @type {[string, () => void][]} */
    this.listeners = [
      ["model_file", () => this.inTime("readNetwork")],
      ["example", () => this.inTime("start")],
      ["image", () => this.chosen().drawing && this.inTime("start")],
      ["label", () => this.chosen().drawing && this.inTime("start")],
      ["room", () => this.catchUp()],
      ["cell", () => this.readCell()],
      ["dark", () => this.inTime("repaint")],
    ];
  }

  async open() {
    for (const [key, then] of this.listeners) this.model.on(`change:${key}`, then);
    this.readCell();
    this.readNetwork();
    try {
      this.data = await loadTest();
    } catch (error) {
      this.noData = error instanceof Error ? error.message : String(error);
    }
    this.start();
  }

  close() {
    for (const [key, then] of this.listeners) this.model.off(`change:${key}`, then);
    this.heard = [];
    this.closed = true;
  }

  /** Do it now, or when the room is looked at again: others draw and train meanwhile.
   * @param {Task} task */
  inTime(task) {
    if (this.seen()) this[task]();
    else this.left.add(task);
  }

  catchUp() {
    if (!this.seen()) return;
    for (const task of this.left) this[task]();
    this.left.clear();
  }

  /** @param {(topic: Topic) => void} then */
  on(then) {
    this.heard.push(then);
  }

  /** @param {Topic} topic */
  tell(topic) {
    for (const then of this.heard) then(topic);
  }

  repaint() {
    this.tell("walk");
  }

  /** @param {unknown} error */
  fail(error) {
    this.problem = error instanceof Error ? error.message : String(error);
    this.tell("problem");
  }

  readNetwork() {
    const bytes = this.model.get("model_file");
    if (!bytes) return;
    if (!this.keeping) this.before = null;
    try {
      this.network = load(bytes, this.model.get("network_name") || undefined);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.start();
  }

  chosen() {
    return chosenExample(this.model, this.data);
  }

  /** Begin anew: the network as it came, the image that is chosen. */
  start() {
    if (!this.network) return;
    this.params = inDouble(this.network.params);
    this.losses = [];
    this.firstOutputs = null;
    this.compute();
  }

  /** The walk with the parameters as they are. */
  compute() {
    const { network, params } = this;
    const picture = network && pictureOf(this.model, this.data, network);
    if (!network || !params) return;
    this.problem = "";
    if (!picture) {
      this.walk = null;
      this.problem = this.chosen().drawing ? NO_DRAWING : this.noData;
      this.tell("problem");
      return;
    }
    const image = Float64Array.from(picture.pixels, (pixel) => pixel / 255);
    try {
      const label = picture.label ?? predict(params, image, 1, network.activation)[0];
      this.walk = walkThrough(params, network.activation, network.loss, image, label);
    } catch (error) {
      this.walk = null;
      this.fail(error);
      return;
    }
    if (!this.losses.length) {
      this.losses = [this.walk.L];
      this.firstOutputs = this.walk.tensors.y.values;
      this.order = strongestUnits(this.walk.tensors.h.values, params.H);
    }
    this.chooseUnits();
    if (!this.stageNames().includes(this.stage)) this.stage = "x";
    this.tell("walk");
  }

  /** The hidden units that are shown: the strongest, and that of the held cell. */
  chooseUnits() {
    this.units = this.all ? this.order : this.order.slice(0, SHOWN);
    const { pinned, walk } = this;
    if (!pinned || !walk || !this.holds(pinned)) return;
    const unit = unitOf(pinned.tensor, pinned.index, walk.params.H, walk.params.D);
    if (unit !== null && !this.units.includes(unit)) this.units = [...this.units.slice(0, SHOWN - 1), unit];
  }

  /** Height and width of an image. @returns {[number, number]} */
  plane() {
    const [height, width] = this.network?.image_shape ?? [];
    const D = this.network?.params.D ?? 0;
    return height * width === D ? [height, width] : [1, D];
  }

  stageNames() {
    return this.walk ? stages(this.walk).map(({ stage }) => stage) : ["x"];
  }

  /** @param {string} stage */
  goTo(stage) {
    if (stage === this.stage) return;
    this.stage = stage;
    this.pinned = null;
    this.hovered = null;
    this.writeCell();
    this.tell("stage");
  }

  /** @param {number} by one stage forward (1) or back (-1) */
  move(by) {
    const names = this.stageNames();
    const next = names[names.indexOf(this.stage) + by];
    if (next) this.goTo(next);
  }

  /** @param {Place | null} place */
  hover(place) {
    this.hovered = place;
    this.tell("cell");
  }

  /** Hold a cell: it stays when the mouse leaves. The held cell, pinned again, is let go.
   * @param {Place | null} place */
  pin(place) {
    const same = place && this.pinned?.tensor === place.tensor && this.pinned.index === place.index;
    this.pinned = same ? null : place;
    this.hovered = null;
    this.writeCell();
    this.tell("cell");
  }

  /** The cell to explain: under the mouse, or held. */
  get place() {
    return this.hovered ?? this.pinned;
  }

  writeCell() {
    const { pinned } = this;
    this.model.set("cell", pinned ? `${this.stage}:${pinned.tensor}:${pinned.index}` : this.stage);
    this.model.save_changes();
  }

  /** Stage and cell from the state: "stage" or "stage:tensor:index". */
  readCell() {
    const [stage, tensor, index] = String(this.model.get("cell") ?? "x").split(":");
    const known = !this.walk || this.stageNames().includes(stage);
    if (known && stage !== this.stage) {
      this.stage = stage;
      this.pinned = null;
      this.tell("stage");
    }
    const place = tensor ? { tensor, index: Number(index) } : null;
    if (place && !this.holds(place)) return;
    if (place?.tensor === this.pinned?.tensor && place?.index === this.pinned?.index) return;
    this.pinned = place;
    this.chooseUnits();
    this.tell("stage");
    this.tell("cell");
  }

  /** @param {Place} place */
  holds({ tensor, index }) {
    if (!this.walk) return true;
    const known = this.walk.tensors[tensor.replace(/^new_/, "")];
    return Boolean(known) && Number.isInteger(index) && index >= 0 && index < known.values.length;
  }

  /** @param {number} times */
  take(times) {
    if (!this.walk) return;
    const { params, losses } = takeSteps(this.walk, this.rate, times);
    this.params = params;
    this.losses.push(...losses);
    this.compute();
  }

  /** All rooms use the network after the steps. */
  keep() {
    const { network, params, model } = this;
    if (!network || !params) return;
    const next = stepped(
      network,
      params,
      `${this.before?.name || model.get("network_name") || network.name}, stepped`,
    );
    if (!allFinite(next.params)) return; // the steps were so long that no file can hold the network
    this.before ??= { bytes: model.get("model_file"), name: model.get("network_name") };
    this.keeping = true;
    model.set("network_name", next.name);
    model.set("model_file", save(next));
    this.keeping = false;
    model.save_changes();
  }

  /** All rooms use the network again that they had before a stepped network was kept. */
  putBack() {
    const { before, model } = this;
    if (!before) return;
    model.set("network_name", before.name);
    model.set("model_file", before.bytes);
    model.save_changes();
  }
}
