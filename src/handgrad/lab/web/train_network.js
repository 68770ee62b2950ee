/** The network of a run as the other rooms and Python want it. */

import { make } from "./dom.js";
import { Real, save } from "./safetensors.js";
import { pythonRecipe } from "./train_choices.js";

/** @typedef {import("./trainer.js").Progress} Progress */
/** @typedef {import("./train_course.js").Course} Course */

/**
 * The bytes of the model file: recipe, seed, history and accuracy are in its metadata.
 * @param {Progress} progress @param {Course} record @param {Record<string, any>} choices
 * @param {import("./types.js").Data} data
 * @param {{ version: string, tested: number | null, heldBack: number }} facts
 */
export function modelFile(progress, record, choices, { height, width, C }, { version, tested, heldBack }) {
  const { params, history, validation_accuracy, seed } = progress;
  const whole = Number.isInteger(record.epoch);
  const recipe = pythonRecipe(choices, { changed: record.changed, whole, epochs: history.length });
  /** @type {Record<string, Real>} */
  const accuracy = {};
  if (validation_accuracy !== null) accuracy.validation = new Real(validation_accuracy);
  if (tested !== null) accuracy.test = new Real(tested);
  return save({
    params,
    activation: choices.activation,
    loss: choices.loss,
    bias: choices.bias,
    classes: Array.from({ length: C }, (_, c) => c),
    image_shape: [height, width],
    calibration: null,
    metadata: {
      accuracy,
      handgrad_version: version,
      history: history.map(({ epoch, loss, train_accuracy, validation_accuracy: validation }) => {
        return { epoch, loss, train_accuracy, validation_accuracy: validation };
      }),
      recipe,
      seed,
      ...(heldBack ? { held_back: heldBack } : {}),
    },
    name: "",
  });
}

/** Hand a file to the person. @param {Uint8Array} bytes @param {string} name */
export function download(bytes, name) {
  const blob = new Blob([bytes.slice().buffer], { type: "application/octet-stream" });
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
