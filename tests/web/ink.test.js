/** The kernel's memory: what is trained does not depend on where it lies. */

import assert from "node:assert/strict";
import test from "node:test";
import { asset } from "../../src/handgrad/lab/web/assets.js";
import { InkNetwork } from "../../src/handgrad/lab/web/ink.js";
import { Kernel } from "../../src/handgrad/lab/web/kernel.js";

const PAGE = 65_536; // bytes by which the memory grows, which moves all of its views
const LINE = 64;
const [N, D, H, C] = [32, 784, 16, 10];
const HOW = { activation: "relu", loss: "l2", optimizer: "sgd", batch_size: 16 };

test("a network learns the same wherever the memory grows while it is laid out", async () => {
  const module = await WebAssembly.compile(await asset("kernel.wasm"));
  const images = Uint8Array.from({ length: N * D }, (_, i) => (i * i) % 251);
  const labels = Uint8Array.from({ length: N }, (_, i) => i % C);
  const data = { images, labels, N, D, height: 28, width: 28, C };
  const params = () => ({
    ...{ W1: Float32Array.from({ length: H * D }, (_, i) => 0.05 * Math.sin(i)), b1: new Float32Array(H) },
    ...{ W2: Float32Array.from({ length: C * H }, (_, i) => 0.1 * Math.cos(i)), b2: new Float32Array(C) },
    ...{ H, D, C },
  });
  const order = Uint32Array.from({ length: N }, (_, i) => i);
  const learnt = (/** @type {number} */ before) => {
    const kernel = new Kernel(module);
    kernel.take(before);
    const network = new InkNetwork(kernel, params(), HOW);
    const held = kernel.hold(data);
    network.room = kernel.end;
    const { total } = network.train(held, order, Float64Array.of(0.1, 0.1), 0);
    return { total, W1: network.params().W1 };
  };
  const first = learnt(16 * PAGE);
  assert.ok(first.W1.some((each, i) => each !== params().W1[i]));
  for (let before = 16 * PAGE; before < 17 * PAGE; before += LINE) {
    assert.deepEqual(learnt(before), first, `${before} bytes before it`);
  }
});
