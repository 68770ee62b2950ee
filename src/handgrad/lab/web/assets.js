/**
 * The bytes that the page needs beside its modules: the kernel, MNIST, the network that is shown first.
 *
 * Here they are files, in the folder `data` beside this one (in Node, where the package keeps them). In a page
 * that is one file, and in a notebook, ../embedded.js stands in the place of this module, with the bytes inside.
 */

import { unpacked } from "./gzip.js";

/** @typedef {{ version: string, model_name: string, train: number, test: number }} Facts */

/** The files of MNIST, which are packed: from the folder `digits` of the package. */
const MNIST = [
  "train-images-idx3-ubyte.gz",
  "train-labels-idx1-ubyte.gz",
  "t10k-images-idx3-ubyte.gz",
  "t10k-labels-idx1-ubyte.gz",
];
/** @type {Record<string, string>} */
const IN_NODE = {
  "kernel.wasm": "kernel.wasm",
  "model.safetensors": "../../pretrained/best.safetensors",
  ...Object.fromEntries(MNIST.map((name) => [name, `../../digits/mnist_files/${name}`])),
};
const inNode = import.meta.url.startsWith("file:");

/** @param {string} path */
async function read(path) {
  const url = new URL(path, import.meta.url);
  if (inNode) {
    // @ts-expect-error: a module of Node's
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(url));
  }
  let answer;
  try {
    answer = await fetch(url);
  } catch {
    throw new Error(`${path}: cannot be fetched; is the server of this page still running?`);
  }
  if (!answer.ok) throw new Error(`${path}: expected a file; the server answers ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * The contents of an asset by its name; those of a packed file (.gz) are unpacked.
 * @param {string} name "kernel.wasm", "model.safetensors", or a file of MNIST as it was published
 * @returns {Promise<Uint8Array>}
 */
export async function asset(name) {
  if (!(name in IN_NODE)) throw new Error(`expected one of ${Object.keys(IN_NODE).join(", ")}; got ${name}`);
  // not .gz: some hosts would announce such a file as packed, and the browser unpack its first member
  const bytes = await read(inNode ? IN_NODE[name] : `data/${name.replace(/\.gz$/, ".bin")}`);
  return name.endsWith(".gz") ? unpacked(bytes) : bytes;
}

/** A worker that runs worker.js. @returns {Worker} */
export function makeWorker() {
  return new Worker(new URL("worker.js", import.meta.url), { type: "module" });
}

/** What is known of this page. @returns {Promise<Facts>} */
export async function facts() {
  if (inNode) return { version: "", model_name: "the network in the box", train: 60_000, test: 10_000 };
  return JSON.parse(new TextDecoder().decode(await read("data/facts.json")));
}
