/** The bytes of the page: as Node finds them in the package, and as a file that holds all has them. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { asset, facts } from "../../src/handgrad/lab/web/assets.js";
import { isPacked, unpacked } from "../../src/handgrad/lab/web/gzip.js";

test("MNIST is unpacked, all four members of its training images", async () => {
  const images = await asset("train-images-idx3-ubyte.gz");
  assert.equal(images.length, 16 + 60_000 * 784);
  const labels = await asset("train-labels-idx1-ubyte.gz");
  assert.deepEqual([...labels.slice(0, 12)], [0, 0, 8, 1, 0, 0, 0xea, 0x60, 5, 0, 4, 1]);
});

test("the network that is shown first is the one in the box", async () => {
  const here = new URL("../../src/handgrad/pretrained/best.safetensors", import.meta.url);
  assert.deepEqual(await asset("model.safetensors"), new Uint8Array(await readFile(here)));
  assert.equal((await facts()).train, 60_000);
});

test("a name that is none of the page's is refused", async () => {
  await assert.rejects(asset("../../digits/LICENSE"), /expected one of kernel.wasm/);
});

test("gzip with one member, with several, and damaged", async () => {
  const parts = ["", "x", "the same ".repeat(9000)].map((text) => gzipSync(Buffer.from(text)));
  const [nothing, one, many] = parts;
  assert.ok(isPacked(one) && !isPacked(new Uint8Array(2)));
  assert.equal((await unpacked(new Uint8Array(nothing))).length, 0);
  const all = await unpacked(new Uint8Array(Buffer.concat([many, one, nothing, many])));
  assert.equal(all.length, 2 * 81_000 + 1);
  const damaged = new Uint8Array(many);
  damaged[many.length - 6] ^= 1;
  await assert.rejects(unpacked(damaged));
});
