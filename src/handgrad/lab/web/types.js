/**
 * The shapes of what the modules hand to each other. Matrices lie row by row in flat typed arrays.
 *
 * @typedef {Float32Array | Float64Array} Numbers
 *
 * The parameters, and whatever is shaped like them (gradients, momentum). b1 and b2 are null: biases are off.
 * @typedef {object} Params
 * @property {Numbers} W1 (H, D): row k is template k
 * @property {Numbers | null} b1 (H,)
 * @property {Numbers} W2 (C, H): how each feature votes for each class
 * @property {Numbers | null} b2 (C,)
 * @property {number} H hidden units
 * @property {number} D pixels of an image
 * @property {number} C classes
 *
 * What forward leaves behind for backward, for N images.
 * @typedef {object} Cache
 * @property {Numbers} x (N, D) images
 * @property {Numbers} a (N, H) agreement of each image with each template
 * @property {Numbers} h (N, H) the features that are present
 * @property {Numbers} z (N, C) scores
 * @property {Numbers} y (N, C) outputs in (0, 1)
 * @property {number} N
 *
 * Images and their labels.
 * @typedef {object} Data
 * @property {Uint8Array} images (N, D): 0 is paper, 255 is ink
 * @property {Uint8Array | Int32Array} labels (N,)
 * @property {number} N
 * @property {number} D
 * @property {number} height
 * @property {number} width
 * @property {number} C one more than the largest label
 *
 * @typedef {object} Calibration
 * @property {number} temperature
 * @property {number} threshold an answer with less confidence is doubtful
 * @property {number} wanted
 * @property {number} coverage
 * @property {number} images
 * @property {number} mistakes
 * @property {string} source
 *
 * A trained network with its facts, as a model file holds it.
 * @typedef {object} Network
 * @property {Params} params
 * @property {string} activation
 * @property {string} loss
 * @property {boolean} bias
 * @property {(number | string)[]} classes
 * @property {number[]} image_shape
 * @property {Calibration | null} calibration
 * @property {Record<string, any>} metadata all other facts
 * @property {string} name
 */

export const NAMES = /** @type {const} */ (["W1", "b1", "W2", "b2"]);
