/** What is wrong with a run, why, and one way out: from what the run has measured. */

/**
 * @typedef {object} Facts of a run so far
 * @property {Record<string, any>} recipe
 * @property {boolean} diverged a loss or a parameter is not finite
 * @property {number} epoch that are done, with a part of the present one
 * @property {number[]} losses mean loss of each epoch that is done
 * @property {number | null} train_accuracy
 * @property {number | null} validation_accuracy
 * @property {number} dead share of the hidden units that are off for every image tried, 0 to 1
 * @property {number} saturated share of the outputs that sit at 0 or 1
 * @property {number} classes
 *
 * @typedef {{ name: string, what: string, why: string, mend: { label: string, change: Record<string, any> } }} Finding
 */

/** @param {number} value */
const shorter = (value) => Number((value / 5).toPrecision(2));

/** What is worth saying, the worst first. @param {Facts} facts @returns {Finding[]} */
export function diagnose(facts) {
  const { recipe, diverged, epoch, losses, train_accuracy, validation_accuracy, dead, saturated, classes } =
    facts;
  const rate = recipe.learning_rate;
  const slower = {
    label: `Try a learning rate of ${shorter(rate)}`,
    change: { learning_rate: shorter(rate) },
  };
  /** @type {Finding[]} */
  const found = [];
  const add = (
    /** @type {string} */ name,
    /** @type {string} */ what,
    /** @type {string} */ why,
    /** @type {any} */ mend,
  ) => found.push({ name, what, why, mend });
  if (diverged) {
    add(
      "diverged",
      "The loss is not a finite number any more.",
      "Each step was so long that it ended higher up than it began, and the next was longer still.",
      slower,
    );
    return found;
  }
  const reached = train_accuracy ?? 0;
  if (recipe.init === "zeros" && epoch > 0.05 && reached < 0.3) {
    add(
      "zeros",
      "No hidden unit learns: all weights began at zero.",
      "With h = 0 the gradient of W2 is zero, and with W2 = 0 no gradient reaches W1. Only b2 can move.",
      { label: "Start at random", change: { init: "random" } },
    );
    return found;
  }
  if (recipe.loss === "l2" && saturated > 0.99 && reached < 0.5) {
    add(
      "plateau",
      "Nearly every output sits at 0 or 1, and most answers are wrong.",
      "There the sigmoid is flat: y (1 - y) is next to 0, so no gradient comes back. The steps were too long.",
      slower,
    );
    return found;
  }
  if (recipe.activation === "relu" && dead > 0.25) {
    add(
      "dead",
      `${Math.round(100 * dead)} % of the hidden units are dead: they are off for every image.`,
      "Where a is below 0, ReLU has the slope 0, so that no gradient reaches the unit's weights.",
      reached < 0.9 ? slower : { label: "Try leaky ReLU", change: { activation: "leaky_relu" } },
    );
  }
  const flat = losses.length >= 2 && losses[losses.length - 1] > 0.97 * losses[losses.length - 2];
  if (reached < 0.6 && epoch >= 1 && (flat || recipe.learning_rate < 0.02) && recipe.optimizer === "sgd") {
    add(
      "slow",
      "The loss hardly moves.",
      `After the first descent all outputs are near 1/${classes}; from there the steps are small.`,
      {
        label: `Try a learning rate of ${Number((rate * 10).toPrecision(2))}`,
        change: { learning_rate: Number((rate * 10).toPrecision(2)) },
      },
    );
  }
  if (
    train_accuracy !== null &&
    validation_accuracy !== null &&
    train_accuracy - validation_accuracy > 0.04 &&
    epoch >= 2
  ) {
    add(
      "overfitting",
      `${(100 * train_accuracy).toFixed(1)} % of the training images are read, but ${(100 * validation_accuracy).toFixed(1)} % of images held back.`,
      "The network has learnt these images rather than what digits have in common. More images help most.",
      recipe.distortion === "off"
        ? { label: "Shift the images each epoch", change: { distortion: "shift" } }
        : { label: "Use more images", change: { share: 60000 } },
    );
  }
  return found;
}
