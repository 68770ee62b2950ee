/** The choices of a run, as keys of the page's state: which there are, and what a change of each means. No DOM. */

import { RECIPES } from "./recipes.js";

/** @typedef {import("./host.js").State} State */

/** Those that can change while a run goes on. */
export const LIVE = ["learning_rate", "batch_size", "optimizer", "loss", "distortion", "epochs", "schedule"];

/** Those that belong to the start of a run. */
const FIXED = ["hidden", "activation", "bias", "init", "output_bias", "warmup", "share", "seed"];

export const CHOICES = [...LIVE, ...FIXED];

/**
 * The choices that the state holds, for a run with this many images.
 * @param {State} model @param {number} images @returns {Record<string, any>}
 */
export function choicesOf(model, images) {
  const chosen = Object.fromEntries(CHOICES.map((key) => [key, model.get(key)]));
  return { ...chosen, share: Math.min(chosen.share, images), engine: "ink", mistake: "" };
}

/** Names of the keys in which two sets of choices differ. @param {Record<string, any>} one
 * @param {Record<string, any>} other */
export function differences(one, other) {
  return Object.keys(one).filter((key) => one[key] !== other[key]);
}

/** The recipes that a person can take over with one click. */
export const PRESETS = Object.entries(RECIPES).map(([name, { title, recipe }]) => ({ name, title, recipe }));

/** Set several keys at once. @param {State} model @param {Record<string, any>} change */
export function setAll(model, change) {
  for (const [key, value] of Object.entries(change)) model.set(key, value);
  model.save_changes();
}

/**
 * The recipe as Python's Recipe.from_dict wants it, with its name; null where Python has no such choice, or
 * where the choices changed during the run, so that none describes it.
 * @param {Record<string, any>} choices @param {{ changed: boolean, whole: boolean, epochs: number }} run whole:
 *   it stands at the end of an epoch
 */
export function pythonRecipe(choices, { changed, whole, epochs }) {
  const finished = epochs === choices.epochs;
  const cut = !finished && (choices.schedule !== "constant" || choices.warmup > 0);
  if (changed || !whole || cut || epochs < 1) return null;
  if (choices.distortion !== "off" || !["random", "templates"].includes(choices.init)) return null;
  const recipe = {
    ...{ hidden: choices.hidden, activation: choices.activation, bias: choices.bias, init: choices.init },
    ...{ output_bias: choices.output_bias, loss: choices.loss, optimizer: choices.optimizer },
    ...{ learning_rate: choices.learning_rate, schedule: choices.schedule, warmup: choices.warmup },
    ...{ batch_size: choices.batch_size, epochs, distortion: null, averaging: 0 },
  };
  const known = Object.entries(RECIPES).find(([, each]) =>
    Object.entries(each.recipe).every(
      ([key, value]) => /** @type {Record<string, any>} */ (recipe)[key] === value,
    ),
  );
  return { name: known?.[0] ?? null, ...recipe };
}
