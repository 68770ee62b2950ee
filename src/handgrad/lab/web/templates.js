/**
 * The baseline: each class has a template, its mean image; the template that agrees most is the answer.
 * The mirror of templates.py.
 *
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./types.js").Params} Params
 */

import { MEAN_IMAGES } from "./mean_images.js";

/** The mean image of each class, (C, D), in 0..1. A class without images is an Error. @param {Data} data */
export function meanImages({ images, labels, N, D, C }) {
  const means = new Float64Array(C * D);
  const counts = new Float64Array(C);
  for (let i = 0; i < N; i++) {
    const c = labels[i];
    counts[c] += 1;
    for (let p = 0; p < D; p++) means[c * D + p] += images[i * D + p];
  }
  const missing = counts.indexOf(0);
  if (missing >= 0) throw new Error(`expected an image of each class; class ${missing} has no images`);
  return means.map((sum, i) => sum / 255 / counts[Math.floor(i / D)]);
}

/**
 * Normalised templates (C, D): mean images, minus their mean, over their standard deviation.
 * @param {Float64Array} means (C, D) @param {number} C
 */
export function normalised(means, C) {
  const D = means.length / C;
  const T = means.slice();
  for (let c = 0; c < C; c++) {
    const row = T.subarray(c * D, (c + 1) * D);
    const mean = row.reduce((sum, each) => sum + each, 0) / D;
    const deviation = Math.sqrt(row.reduce((sum, each) => sum + (each - mean) ** 2, 0) / D) || 1;
    for (let p = 0; p < D; p++) row[p] = (row[p] - mean) / deviation;
  }
  return T;
}

/** The templates of some data. @param {Data} data */
export function fit(data) {
  return normalised(meanImages(data), data.C);
}

/** The templates of MNIST's 60,000 training images, which the page holds. */
export function ofMnist() {
  const bytes = Uint8Array.from(atob(MEAN_IMAGES), (sign) => sign.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const means = Float64Array.from(
    { length: bytes.length / 2 },
    (_, i) => view.getUint16(2 * i, true) / 65535,
  );
  return normalised(means, 10);
}

/**
 * sum_p template_p * image_p of one image for each class.
 * @param {Float64Array} T (C, D) @param {ArrayLike<number>} pixels 0..255 @param {number} [from] @param {number} [D]
 */
export function agreement(T, pixels, from = 0, D = 784) {
  const C = T.length / D;
  const agreements = new Float64Array(C);
  for (let c = 0; c < C; c++) {
    for (let p = 0; p < D; p++) agreements[c] += (T[c * D + p] * pixels[from + p]) / 255;
  }
  return agreements;
}

/**
 * Put the templates into random parameters, which then answer as the templates do: relu(t) - relu(-t) = t. The
 * first 2C rows of W1 are the templates and their negatives over D; W2 adds the former, subtracts the latter.
 * @param {Float64Array} T (C, D) @param {Params} params changed in place, H >= 2C @returns {Params}
 */
export function initFrom(T, params) {
  const { W1, W2, H, D, C } = params;
  if (H < 2 * C) throw new Error(`expected at least ${2 * C} hidden units for ${C} templates; got ${H}`);
  for (let c = 0; c < C; c++) {
    for (let p = 0; p < D; p++) {
      W1[c * D + p] = T[c * D + p] / D;
      W1[(C + c) * D + p] = -T[c * D + p] / D;
    }
  }
  W2.fill(0);
  for (let c = 0; c < C; c++) {
    W2[c * H + c] = 1;
    W2[c * H + C + c] = -1;
  }
  return params;
}
