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

/** A rate that most networks learn with, by optimizer and loss. @type {Record<string, Record<string, number>>} */
const USUAL = {
  sgd: { l2: 0.5, cross_entropy: 0.1 },
  momentum: { l2: 0.05, cross_entropy: 0.01 },
  nesterov: { l2: 0.05, cross_entropy: 0.01 },
  adam: { l2: 0.001, cross_entropy: 0.001 },
};
const SLOW = 20; // a rate that is so many times smaller than the usual one is too small
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;

/** @param {number} rate */
function tryRate(rate) {
  return { label: `Try a learning rate of ${rate}`, change: { learning_rate: rate } };
}

/** What is worth saying, the worst first. @param {Facts} facts @returns {Finding[]} */
export function diagnose(facts) {
  const { recipe, diverged, epoch, train_accuracy, dead, saturated, classes } = facts;
  const reached = train_accuracy ?? 0;
  const guessing = 1.2 / classes; // hardly more than by naming the same class each time
  const [rate, usual] = [recipe.learning_rate, USUAL[recipe.optimizer]?.[recipe.loss] ?? Infinity];
  const slower = tryRate(usual < rate ? usual : Number((rate / 5).toPrecision(2)));
  if (diverged) {
    return [
      {
        name: "diverged",
        what: "The loss is not a finite number any more.",
        why: "Each step was so long that it ended higher up than it began, and the next was longer still.",
        mend: slower,
      },
    ];
  }
  if (recipe.init === "zeros" && epoch > 0.05 && reached < Math.max(0.3, guessing)) return [zeros(recipe)];
  if (recipe.loss === "l2" && saturated > 0.9 && reached < Math.max(0.5, guessing)) {
    return [
      {
        name: "plateau",
        what: "Nearly every output sits at 0 or 1, and most answers are wrong.",
        why: "There the sigmoid is flat: y (1 - y) is next to 0, so no gradient comes back. The steps were too long.",
        mend: slower,
      },
    ];
  }
  if (recipe.activation === "relu" && dead > 0.25) {
    return [
      {
        name: "dead",
        what: `${Math.round(100 * dead)} % of the hidden units are dead: they are off for every image.`,
        why: "Where a is below 0, ReLU has the slope 0, so that no gradient reaches the unit's weights.",
        mend: reached < 0.9 ? slower : { label: "Try leaky ReLU", change: { activation: "leaky_relu" } },
      },
      ...overfitting(facts),
    ];
  }
  if (epoch >= 1 && reached < 0.8 && SLOW * rate <= usual && usual < Infinity) {
    return [
      {
        name: "slow",
        what: `The loss falls slowly: the network reads ${percent(reached)} of its training images.`,
        why: `A step is the learning rate times the gradient, and ${rate} makes it short. Usual is ${usual}.`,
        mend: tryRate(usual),
      },
    ];
  }
  return overfitting(facts);
}

/** All weights began at zero. @param {Record<string, any>} recipe @returns {Finding} */
function zeros({ activation, bias }) {
  const mend = { label: "Start at random", change: { init: "random" } };
  if (activation === "sigmoid") {
    return {
      name: "zeros",
      what: "All hidden units are the same: all weights began at zero.",
      why: "Equal units get equal gradients, so that they stay equal: the network has one unit, many times over.",
      mend,
    };
  }
  const rest = bias ? "Only b2 can move." : "Nothing moves.";
  return {
    name: "zeros",
    what: "No hidden unit learns: all weights began at zero.",
    why: `With h = 0 the gradient of W2 is zero, and with W2 = 0 no gradient reaches W1. ${rest}`,
    mend,
  };
}

/** @param {Facts} facts @returns {Finding[]} */
function overfitting({ recipe, epoch, train_accuracy, validation_accuracy }) {
  if (train_accuracy === null || validation_accuracy === null || epoch < 2) return [];
  if (train_accuracy - validation_accuracy <= 0.04) return [];
  const [of_training, of_others] = [percent(train_accuracy), percent(validation_accuracy)];
  return [
    {
      name: "overfitting",
      what: `The network reads ${of_training} of its training images, but ${of_others} of the images held back.`,
      why: "It has learnt these images rather than what digits have in common. More images help most.",
      mend:
        recipe.distortion === "off"
          ? { label: "Shift the images each epoch", change: { distortion: "shift" } }
          : { label: "Use more images", change: { share: 60000 } },
    },
  ];
}
