/**
 * The planted mistakes: each replaces one formula of the training, and nothing else. Some of the best of
 * workbook/zoo, with the curve that gives each away. plant() gives what a run uses in the place of network.js's
 * lossAndGradients and optimizers.js's update.
 *
 * @typedef {import("./zoo_formulas.js").Planted} Planted
 * @typedef {"loss" | "validation" | "dead" | "W1" | "W2" | "biases"} Clue a curve: of W1, W2 and the biases, how
 *   far they are from where they began
 *
 * @typedef {object} Mistake
 * @property {string} title
 * @property {string} changes what is computed instead
 * @property {string} family its topic: a question offers mistakes of the same topic
 * @property {Clue} clue the curve that gives it away
 * @property {string} why what that curve does, and why
 * @property {() => Planted} plant
 */

import { zerosLike } from "./layers.js";
import { mapParams } from "./network.js";
import { update } from "./optimizers.js";
import {
  affineChanged,
  lossAgainst,
  lossChanged,
  times,
  total,
  withFormulas,
  withUpdate,
} from "./zoo_formulas.js";

/** @typedef {import("./types.js").Numbers} Numbers */

/** Gradients that are never set to zero. */
function accumulating() {
  /** @type {import("./types.js").Params | null} */
  let kept = null;
  return withFormulas({
    collect: (fresh) => {
      const before = kept;
      kept = before
        ? mapParams(fresh, (p, name) => p.map((each, i) => each + /** @type {Numbers} */ (before[name])[i]))
        : fresh;
      return kept;
    },
  });
}

/** @type {Record<string, Mistake>} */
export const MISTAKES = {
  "one-over-N-missing": {
    title: "1/N is missing",
    changes: "grad_y = 2 (y − target), without 1/N",
    family: "size",
    clue: "W2",
    why: "Every gradient is N times as large, so W1 and W2 go far in a few steps; L is computed as before.",
    plant: () =>
      withFormulas({ loss: lossChanged(({ L, grad }, y, C) => ({ L, grad: times(grad, y.length / C) })) }),
  },
  "mean-over-N-C": {
    title: "A mean over N · C numbers",
    changes: "loss and gradient are averaged over all N · C numbers",
    family: "size",
    clue: "loss",
    why: "The loss is a tenth from the first batch on, although the answers are the same; so is each step.",
    plant: () =>
      withFormulas({ loss: lossChanged(({ L, grad }, _, C) => ({ L: L / C, grad: times(grad, 1 / C) })) }),
  },
  "one-image-only": {
    title: "The first image of a batch only",
    changes: "grad_W and grad_b are those of the first image of each batch",
    family: "size",
    clue: "loss",
    why: "One image of N is left in the sum, so that the steps are small, and noisier.",
    plant: () =>
      withFormulas({
        affineBackward: affineChanged(({ grad_x }, N, grad_a, x) => {
          const [H, D] = [grad_a.length / N, x.length / N];
          const grad_W = zerosLike(grad_a, H * D);
          for (let k = 0; k < H; k++) for (let p = 0; p < D; p++) grad_W[k * D + p] = grad_a[k] * x[p];
          return { grad_x, grad_W, grad_b: grad_a.slice(0, H) };
        }),
      }),
  },
  "gradients-accumulate": {
    title: "Gradients are not set to zero",
    changes: "each batch's gradient is added to those of all batches before",
    family: "size",
    clue: "loss",
    why: "The sum of old gradients drives on in old directions: the loss falls, overshoots and rises.",
    plant: accumulating,
  },
  "learning-rate-not-used": {
    title: "The learning rate is not used",
    changes: "p ← p − gradient",
    family: "size",
    clue: "W1",
    why: "Steps have one length whatever the learning rate says, here several times too long.",
    plant: () =>
      withUpdate((optimizer, params, grads, memory, _, step) =>
        update(optimizer, params, grads, memory, 1, step),
      ),
  },
  "update-adds": {
    title: "The update adds",
    changes: "p ← p + learning rate · gradient",
    family: "sign",
    clue: "loss",
    why: "The loss rises from the first batch on, because every step goes uphill.",
    plant: () =>
      withUpdate((optimizer, params, grads, memory, rate, step) =>
        update(optimizer, params, grads, memory, -rate, step),
      ),
  },
  "no-update": {
    title: "No update",
    changes: "the parameters are not moved",
    family: "sign",
    clue: "W1",
    why: "No parameter leaves its place, so that the loss stays where it began.",
    plant: () => withUpdate((_, params, __, memory) => ({ params, memory: memory ?? {} })),
  },
  "biases-never-moved": {
    title: "Biases are never moved",
    changes: "b1 and b2 are left out of the update",
    family: "bias",
    clue: "biases",
    why: "The biases stay at 0. The weights make up for it, and the accuracy hardly tells.",
    plant: () =>
      withUpdate((optimizer, params, grads, memory, rate, step) => {
        const right = update(optimizer, params, grads, memory, rate, step);
        return { params: { ...right.params, b1: params.b1, b2: params.b2 }, memory: right.memory };
      }),
  },
  "bias-gradient-averaged": {
    title: "Bias gradients are averaged",
    changes: "grad_b is the mean over the batch, not the sum",
    family: "bias",
    clue: "biases",
    why: "1/N is in grad_y already. The biases alone move an N-th as far; the weights learn as they did.",
    plant: () =>
      withFormulas({
        affineBackward: affineChanged((right, N) => ({ ...right, grad_b: times(right.grad_b, 1 / N) })),
      }),
  },
  "bias-gradient-over-everything": {
    title: "Bias gradients are summed over all",
    changes: "grad_b is one sum over images and units",
    family: "bias",
    clue: "biases",
    why: "Each bias is moved by the sum over all units, so that the biases alone go far.",
    plant: () =>
      withFormulas({
        affineBackward: affineChanged((right) => ({
          ...right,
          grad_b: right.grad_b.slice().fill(total(right.grad_b)),
        })),
      }),
  },
  "sigmoid-derivative-missing": {
    title: "The sigmoid's derivative is missing",
    changes: "grad_z = grad_y",
    family: "sigmoid",
    clue: "W2",
    why: "Without the factor y (1 − y), 1/4 at most, W2 moves further. It learns, even faster at first.",
    plant: () => withFormulas({ sigmoidBackward: (grad_y) => grad_y }),
  },
  "sigmoid-derivative-from-input": {
    title: "The sigmoid's derivative from its input",
    changes: "grad_z = grad_y · z (1 − z), where y belongs",
    family: "sigmoid",
    clue: "W1",
    why: "z (1 − z) has no bound, and the wrong sign for most z: the weights run away, and nothing is learnt.",
    plant: () =>
      withFormulas({ sigmoidBackward: (grad_y, _, z) => grad_y.map((g, i) => g * z[i] * (1 - z[i])) }),
  },
  "sigmoid-upstream-ignored": {
    title: "The sigmoid ignores grad_y",
    changes: "grad_z = y (1 − y), whatever grad_y is",
    family: "sigmoid",
    clue: "loss",
    why: "Every score is pushed down whatever the label is, until all outputs are 0 and the loss is 1.",
    plant: () => withFormulas({ sigmoidBackward: (_, y) => y.map((each) => each * (1 - each)) }),
  },
  "relu-upstream-ignored": {
    title: "ReLU ignores grad_h",
    changes: "grad_a = 1 where a > 0, whatever grad_h is",
    family: "relu",
    clue: "dead",
    why: "W1 and b1 are pushed down whatever the error is, until every unit is dead.",
    plant: () => withFormulas({ reluBackward: (_, a) => a.map((each) => (each > 0 ? 1 : 0)) }),
  },
  "relu-mask-from-upstream": {
    title: "ReLU's mask from grad_h",
    changes: "grad_a = grad_h where grad_h > 0, in place of a > 0",
    family: "relu",
    clue: "dead",
    why: "Hidden units are only ever pushed down, until every unit is dead.",
    plant: () => withFormulas({ reluBackward: (grad_h) => grad_h.map((g) => Math.max(g, 0)) }),
  },
  "relu-mask-missing": {
    title: "ReLU's mask is missing",
    changes: "grad_a = grad_h everywhere",
    family: "relu",
    clue: "W1",
    why: "Units that are off are moved as well, so that W1 goes further. It learns all the same.",
    plant: () => withFormulas({ reluBackward: (grad_h) => grad_h }),
  },
  "relu-mask-turned-round": {
    title: "ReLU's mask is turned round",
    changes: "grad_a = grad_h where a ≤ 0",
    family: "relu",
    clue: "validation",
    why: "Only units that are off are moved, by a gradient that is not theirs: accuracy lags far behind.",
    plant: () => withFormulas({ reluBackward: (grad_h, a) => grad_h.map((g, i) => (a[i] <= 0 ? g : 0)) }),
  },
  "W1-gradient-missing": {
    title: "grad_W1 is missing",
    changes: "grad_W1 is never filled in and stays 0",
    family: "layer",
    clue: "W1",
    why: "W1 stays where it began: W2 makes the best of random templates.",
    plant: () => withFormulas({ collect: (grads) => ({ ...grads, W1: times(grads.W1, 0) }) }),
  },
  "labels-as-numbers": {
    title: "Labels as numbers",
    changes: "y − label, in place of y − one_hot(label)",
    family: "target",
    clue: "loss",
    why: "The loss is in the hundreds: no output can reach a 7, and all go to 1.",
    plant: () => withFormulas({ loss: lossAgainst((labels, i) => labels[i]) }),
  },
  "several-ones-a-row": {
    title: "Several ones in a row",
    changes: "target[:, labels] = 1: each row has the ones of the whole batch",
    family: "target",
    clue: "loss",
    why: "Most targets are 1, in each row the same. The loss starts near that of a guess, and stays there.",
    plant: () =>
      withFormulas({
        loss: lossAgainst((labels, _, c) => Number(Array.prototype.includes.call(labels, c))),
      }),
  },
  "label-column-only": {
    title: "The label's column only",
    changes: "only the output of the right class counts",
    family: "target",
    clue: "validation",
    why: "The loss falls to 0 while the accuracy does not rise: no output is ever pushed down.",
    plant: () =>
      withFormulas({
        loss: lossChanged(({ grad }, y, C) => {
          const [N, error] = [y.length / C, grad.map((g) => Math.min(g, 0))];
          return { L: total(error.map((e) => ((N / 2) * e) ** 2)) / N, grad: error };
        }),
      }),
  },
  "shuffled-apart": {
    title: "Images and labels are shuffled apart",
    changes: "within each batch the labels stand in the reverse order",
    family: "data",
    clue: "validation",
    why: "The loss goes to 0.9, that of the answer 0.1 for every digit: there is nothing to be learnt.",
    plant: () => withFormulas({ labels: (labels) => Array.from(labels).reverse() }),
  },
  "pixels-not-divided": {
    title: "Pixels are not divided by 255",
    changes: "x = pixel, from 0 to 255",
    family: "data",
    clue: "loss",
    why: "Scores are hundreds of times as large: all outputs sit at 0 and 1, where no gradient comes back.",
    plant: () => withFormulas({ factor: 255 }),
  },
};

/** Mistakes with nearly the same curves: never two of them in one question. */
const ALIKE = [["relu-upstream-ignored", "relu-mask-from-upstream"]];

/**
 * A mistake, and four names to choose from: its own, and up to two of its topic.
 * @param {() => number} random from 0 to 1 @returns {{ name: string, choices: string[] }}
 */
export function question(random) {
  const [name, ...others] = shuffled(Object.keys(MISTAKES), random);
  const kin = others.filter((other) => MISTAKES[other].family === MISTAKES[name].family).slice(0, 2);
  const choices = [name];
  for (const other of [...kin, ...others]) {
    const alike = ALIKE.some(
      (group) => group.includes(other) && choices.some((each) => group.includes(each)),
    );
    if (choices.length < 4 && !choices.includes(other) && !alike) choices.push(other);
  }
  return { name, choices: shuffled(choices, random) };
}

/** @template T @param {T[]} list @param {() => number} random @returns {T[]} */
function shuffled(list, random) {
  const order = list.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
