/** What comes to the Draw room from outside: pictures, model files, and digits of the test set. */

import { inkOf, preparedOf } from "./draw_picture.js";
import { prepareInk } from "./prepare.js";
import { load } from "./safetensors.js";

const MOST = 1600; // pixels of a picture's longer side; larger ones are reduced by the browser

/**
 * The image of the digit on a picture, and the stages on its way (null where it came ready). An Error where there
 * is no digit.
 * @param {Blob} file @returns {Promise<{ image: Uint8Array, prepared: import("./prepare.js").Prepared | null }>}
 */
export async function readPicture(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error("expected a picture (PNG, JPEG, WebP) or a model file (.safetensors); this is neither");
  }
  const scale = Math.min(1, MOST / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  );
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  context.drawImage(picture, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const ready = preparedOf(data, width, height);
  if (ready) return { image: ready, prepared: null };
  const prepared = prepareInk(inkOf(data, width, height));
  if (!prepared) throw new Error("expected a picture of a digit; found no ink in it");
  return { image: prepared.image, prepared };
}

/** Whether a file is a model file, by its name. @param {File} file */
export function isModel(file) {
  return /\.safetensors$/i.test(file.name);
}

/** The bytes of a model file; an Error where the file is another. @param {File} file */
export async function readModel(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  load(bytes, file.name);
  return bytes;
}

/** Pictures that a person pastes while the room is shown. @param {() => boolean} shown @param {(files: File[]) => void} then */
export function whenPasted(shown, then) {
  const heard = (/** @type {ClipboardEvent} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length && shown()) then(files);
  };
  document.addEventListener("paste", heard);
  return () => document.removeEventListener("paste", heard);
}
