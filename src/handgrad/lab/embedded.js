/**
 * In the place of assets.js where all is one file: the same functions, with the bytes inside.
 *
 * EMBEDDED is a constant that joining.py puts before all modules: assets in base64, packed where that is
 * smaller; the facts; the program of the worker, and the names of the assets that the worker needs.
 */

import { unpacked } from "./gzip.js";

/**
 * @typedef {{ data: string, packed: boolean }} Embedded
 * @type {{ assets: Record<string, Embedded>, facts: import("./web/assets.js").Facts,
 *   worker: { program: string, assets: string[] } | null }}
 */
// @ts-expect-error: the joiner defines it
const { assets, facts: known, worker } = EMBEDDED;

/** @param {string} text base64 */
function decoded(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** @param {string} name @returns {Promise<Uint8Array>} */
export async function asset(name) {
  const found = assets[name];
  if (!found) throw new Error(`expected one of ${Object.keys(assets).join(", ")}; got ${name}`);
  const bytes = decoded(found.data);
  return found.packed ? unpacked(bytes) : bytes;
}

/** A worker, whose program is here, too. @returns {Worker} */
export function makeWorker() {
  if (!worker) throw new Error("expected a worker in this file; it was made without");
  const needed = Object.fromEntries(worker.assets.map((name) => [name, assets[name]]));
  const embedded = JSON.stringify({ assets: needed, facts: known, worker: null });
  const program = new Blob([`const EMBEDDED = ${embedded};\n`, worker.program], { type: "text/javascript" });
  const url = URL.createObjectURL(program);
  const made = new Worker(url);
  URL.revokeObjectURL(url);
  return made;
}

/** What is known of this page. @returns {Promise<import("./web/assets.js").Facts>} */
export async function facts() {
  return known;
}
