/** Digits of the test set, for those who do not want to draw. */

import { loadTest } from "./digits.js";
import { button, make } from "./dom.js";
import { TileGrid } from "./tiles.js";

/** @param {(image: Uint8Array, label: number) => void} take */
export function examplesView(take) {
  /** @type {import("./types.js").Data | null} */
  let data = null;
  /** @type {number[]} */
  let shown = [];
  let turn = 0;
  const said = make("p", { class: "quiet-text", role: "status", hidden: true });
  const tiles = new TileGrid({
    label: "Digits of the test set",
    scale: "ink",
    class: "draw-examples",
    onPin: (i) => {
      if (!data) return;
      const { images, labels, D } = data;
      take(images.slice(shown[i] * D, (shown[i] + 1) * D), labels[shown[i]]);
    },
  });
  tiles.el.hidden = true;
  const ask = button({ name: "examples", label: "Examples", onClick: more });
  const el = make("div", { class: "draw-examples-part" }, said, tiles.el);

  async function more() {
    ask.disabled = true;
    said.hidden = false;
    said.textContent = "The test images are being read.";
    try {
      data ??= await loadTest();
      said.textContent = "Digits of the MNIST test set, which the network has not learnt from:";
      shown = tenOf(data, turn++);
      draw();
      ask.textContent = "Other examples";
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    }
    ask.disabled = false;
  }

  function draw() {
    if (!data) return;
    const { images, labels, D } = data;
    tiles.el.hidden = false;
    tiles.draw(
      shown.map((i) => ({
        values: images,
        from: i * D,
        range: 255,
        version: i,
        label: `Test image ${i}: a ${labels[i]}`,
      })),
    );
  }
  return { el, ask, draw };
}

/** One image of each class: the `turn`-th of each. @param {import("./types.js").Data} data @param {number} turn */
function tenOf({ labels, N, C }, turn) {
  const seen = new Array(C).fill(0);
  const found = new Array(C).fill(0);
  for (let i = 0; i < N; i++) {
    const c = labels[i];
    if (seen[c] <= turn) found[c] = i;
    seen[c] += 1;
  }
  return found;
}
