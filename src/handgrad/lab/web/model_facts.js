/**
 * What a model file says of its network, checked as model_file does in Python: no rule for the other facts of a file is
 * left to the rooms, and what this page keeps, Python can read.
 */

const FORMAT_VERSION = 1;
const SCALING = 255;
const ACTIVATIONS = ["relu", "leaky_relu", "tanh", "sigmoid", "none"];
const LOSSES = ["l2", "cross_entropy"];
const HISTORY = ["epoch", "loss", "train_accuracy", "validation_accuracy"]; // what is known of each epoch
const CALIBRATION = { temperature: [0.05, 20], threshold: [0, 1], wanted: [0, 1], coverage: [0, 1] };
const COUNTED = ["images", "mistakes", "source"]; // the other fields of a calibration

const SIDES = 8; // of an image, at most
const MOST_OF_TEXT = 100;
const UNREADABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u; // the last turn the direction of texts

const OWN = "own: "; // before the name of a function of the user's own, which no file holds
/** Whether a part of a recipe can be. @type {Record<string, (value: any) => boolean>} */
const RECIPE = {
  name: (value) => value === null || isShort(value),
  init: (value) => ["random", "templates"].includes(value),
  output_bias: (value) => ["zero", "prior"].includes(value),
  optimizer: (value) => ["sgd", "momentum", "nesterov", "adam"].includes(value) || isOwn(value),
  schedule: (value) => ["constant", "linear", "cosine"].includes(value) || isOwn(value),
  learning_rate: (value) => within(value, 0, 1e300),
  warmup: (value) => within(value, 0, 1),
  batch_size: (value) => isWhole(value, 1),
  epochs: (value) => isWhole(value, 1),
  distortion: (value = null) => value === null || isTable(value), // the first files did not name the last two
  averaging: (value = 0) => within(value, 0, 0.9999),
};

/** @typedef {Record<string, any>} Facts @typedef {(text: string) => Error} Fail */

/** A value in a message. @param {unknown} value */
const short = (value) => (JSON.stringify(value) ?? "nothing").slice(0, 60);
/** @param {unknown} value @returns {value is Facts} */
const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @param {any} value @param {number} low @param {number} high */
const within = (value, low, high) => typeof value === "number" && value >= low && value <= high;
/** @param {any} value @param {number} low */
const isWhole = (value, low) => Number.isInteger(value) && value >= low;

/** Whether a text can stand in a message or a picture: no control characters. @param {any} value */
const isShort = (value) =>
  typeof value === "string" && [...value].length <= MOST_OF_TEXT && !UNREADABLE.test(value);

/** @param {any} value */
const isOwn = (value) => typeof value === "string" && value.startsWith(OWN);

/** That it is a model file of a format that is known here. @param {Facts} facts @param {Fail} fail */
export function expectFormat({ format_version: version, pixel_scaling }, fail) {
  if (!isWhole(version, 1)) throw fail("not a model of handgrad: its metadata has no format version");
  if (version > FORMAT_VERSION) throw fail(`format version ${version} is newer than this page can read`);
  if (!isTable(pixel_scaling) || pixel_scaling.divide_by !== SCALING) {
    throw fail(`expected pixel_scaling divide_by ${SCALING}; got ${short(pixel_scaling)}`);
  }
}

/**
 * That all facts are such as a network of this shape can have.
 * @param {Facts} facts @param {{ H: number, D: number, C: number }} sizes @param {Fail} fail
 */
export function expectFacts(facts, { H, D, C }, fail) {
  const { activation, loss, bias, classes, image_shape } = facts;
  if (!ACTIVATIONS.includes(activation)) {
    throw fail(`expected an activation among ${ACTIVATIONS.join(", ")}; got ${short(activation)}`);
  }
  if (!LOSSES.includes(loss)) {
    throw fail(`this page knows the losses ${LOSSES.join(" and ")}; got ${short(loss)}`);
  }
  if (typeof bias !== "boolean") throw fail(`expected bias to be true or false; got ${short(bias)}`);
  if (!Array.isArray(classes) || classes.length !== C || new Set(classes).size !== C) {
    throw fail(`expected ${C} different classes; got ${short(classes)}`);
  }
  if (!classes.every((each) => isShort(each) || Number.isSafeInteger(each))) {
    throw fail(`expected classes as whole numbers or short texts; got ${short(classes)}`);
  }
  const sides = Array.isArray(image_shape) && image_shape.length > 0 && image_shape.length <= SIDES;
  if (!sides || !image_shape.every((side) => isWhole(side, 1)) || product(image_shape) !== D) {
    throw fail(`expected an image_shape of ${D} pixels; got ${short(image_shape)}`);
  }
  expectRecord(facts, H, fail);
  if ("calibration" in facts) expectCalibration(facts.calibration, fail);
}

/** What is told of how the network was made. @param {Facts} facts @param {number} H @param {Fail} fail */
function expectRecord(facts, H, fail) {
  const { accuracy, history, seed = null, recipe = null, activation, loss, bias } = facts;
  const { handgrad_version, data_checksum = null } = facts;
  if (!isShort(handgrad_version)) {
    throw fail(`expected handgrad_version to be a short text; got ${short(handgrad_version)}`);
  }
  if (data_checksum !== null && !isShort(data_checksum)) {
    throw fail(`expected data_checksum to be a short text; got ${short(data_checksum)}`);
  }
  if (
    !isTable(accuracy) ||
    !Object.keys(accuracy).every(isShort) ||
    !Object.values(accuracy).every((share) => within(share, 0, 1))
  ) {
    throw fail(`expected accuracy to be shares from 0 to 1; got ${short(accuracy)}`);
  }
  const told = (/** @type {any} */ record) =>
    isTable(record) &&
    HISTORY.every((key) => key in record) &&
    isWhole(record.epoch, 1) &&
    Number.isFinite(record.loss) &&
    [record.train_accuracy, record.validation_accuracy].every(
      (share) => share === null || within(share, 0, 1),
    );
  if (!Array.isArray(history) || !history.every(told)) {
    throw fail(`expected a history whose records have ${HISTORY.join(", ")}; got ${short(history)}`);
  }
  if (seed !== null && !isWhole(seed, 0)) throw fail(`expected seed to be 0 or more; got ${short(seed)}`);
  if (recipe === null) return;
  const said = isTable(recipe) ? [recipe.activation, recipe.loss, recipe.bias, recipe.hidden] : [];
  if (short(said) !== short([activation, loss, bias, H])) {
    throw fail(
      `its recipe says ${said.map(short).join(", ")}, but the network is ${activation}, ${loss}, ${bias}, ${H}`,
    );
  }
  const known = ["hidden", "activation", "bias", "loss", ...Object.keys(RECIPE)];
  const wrong =
    Object.keys(recipe).find((key) => !known.includes(key)) ??
    Object.keys(RECIPE).find((key) => !RECIPE[key](recipe[key]));
  if (wrong) throw fail(`its recipe has ${wrong.slice(0, 40)} ${short(recipe[wrong])}, which cannot be`);
}

/** @param {unknown} fitted @param {Fail} fail */
function expectCalibration(fitted, fail) {
  const names = [...Object.keys(CALIBRATION), ...COUNTED];
  if (
    !isTable(fitted) ||
    names.some((key) => !(key in fitted)) ||
    Object.keys(fitted).length > names.length
  ) {
    throw fail(`expected a calibration with exactly ${names.join(", ")}; got ${short(fitted)}`);
  }
  for (const [key, [low, high]] of Object.entries(CALIBRATION)) {
    if (within(fitted[key], low, high)) continue;
    throw fail(
      `expected the calibration's ${key} to be a number from ${low} to ${high}; got ${short(fitted[key])}`,
    );
  }
  const { images, mistakes, source } = fitted;
  if (!isWhole(images, 1) || !isWhole(mistakes, 0) || mistakes > images) {
    throw fail(
      `expected a calibration on images, with at most as many mistakes; got ${short([images, mistakes])}`,
    );
  }
  if (source !== "validation" && source !== "given") {
    throw fail(`expected the calibration's source to be validation or given; got ${short(source)}`);
  }
}

/** @param {number[]} sides */
export function product(sides) {
  return sides.reduce((all, side) => all * side, 1);
}
