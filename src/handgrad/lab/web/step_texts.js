/**
 * What each stage of the walk says: its title, what happens there, the formula, the tensors that it shows, and
 * what learners often ask. No DOM.
 *
 * @typedef {import("./formula.js").Formula} Formula
 * @typedef {import("./step_maths.js").Walk} Walk
 * @typedef {{ title: string, what: string[], formulas: Formula[], shows: string[],
 *   asked: [string, string][] }} StageText
 * @typedef {{ walk: Walk, bias: boolean, entropy: boolean, withBias: (shows: string[]) => string[] }} About
 */
import { fenced, fraction, name, power, product, row, sum, words } from "./formula.js";
import { ACTIVATION_NAMES } from "./step_names.js";
import { textsBack } from "./step_texts_back.js";

/** @type {Record<string, Formula>} */
const CURVES = {
  relu: row("max", fenced(name("a"), ",", "0")),
  leaky_relu: row(name("a"), words("where"), name("a"), ">", "0", ",", words("else"), "0.01", "·", name("a")),
  tanh: row("tanh", fenced(name("a"))),
  sigmoid: fraction("1", row("1", "+", power(name("e"), row("−", name("a"))))),
  none: name("a"),
};

/** @type {Record<string, [string, string]>} */
const ACTIVATED = {
  relu: [
    "ReLU keeps what is above 0 and makes the rest 0.",
    "Units with h = 0 say nothing about this image.",
  ],
  leaky_relu: [
    "Leaky ReLU keeps what is above 0.",
    "Below 0 it passes on a hundredth, so that no unit falls silent.",
  ],
  tanh: [
    "tanh squeezes each agreement into the range from −1 to 1.",
    "Large agreements all look alike to it.",
  ],
  sigmoid: [
    "The sigmoid squeezes each agreement into the range from 0 to 1.",
    "Large agreements all look alike to it.",
  ],
  none: [
    "Nothing happens here: h is a.",
    "Without a non-linearity the two layers are together one affine layer.",
  ],
};

/** The text of a stage. @param {string} stage @param {Walk} walk @returns {StageText} */
export function textOf(stage, walk) {
  const bias = walk.params.b1 !== null;
  const withBias = (/** @type {string[]} */ shows) => shows.filter((each) => bias || !/b\d/.test(each));
  const about = { walk, bias, entropy: walk.loss === "cross_entropy", withBias };
  return { ...textsAhead(about), ...textsBack(about) }[stage]();
}

/** From the image to the loss. @param {About} about @returns {Record<string, () => StageText>} */
function textsAhead({ walk, bias, entropy, withBias }) {
  const { H, D, C } = walk.params;
  const W1T = power(name("W1"), "T");
  const W2T = power(name("W2"), "T");
  return {
    x: () => ({
      title: "The image becomes numbers",
      what: ["Each pixel is divided by 255, so that ink lies between 0 (paper) and 1 (full ink)."],
      formulas: [row(name("x"), "=", fraction(words("pixels"), "255"))],
      shows: ["x"],
      asked: [
        [
          `Why is the shape (1, ${D})?`,
          `A batch of N images is a matrix with a row an image. Here N is 1. The ${D} pixels of a ` +
            "row are the image, read line by line.",
        ],
      ],
    }),
    a: () => ({
      title: "Each template is laid over the image",
      what: [
        "For each hidden unit, every pixel is multiplied by the template's weight there, and all " +
          "products are added.",
        "A large sum means that the image has ink where the template wants ink.",
      ],
      formulas: [row(name("a"), "=", product(name("x"), W1T), ...(bias ? ["+", name("b1")] : []))],
      shows: withBias(["x", "W1", "b1", "a"]),
      asked: [
        [
          "Why is W1 transposed?",
          `W1 has a row a hidden unit: (${H}, ${D}). x has a row an image: (1, ${D}). Columns of ` +
            `the left must meet rows of the right: (1, ${D}) times (${D}, ${H}) gives (1, ${H}).`,
        ],
      ],
    }),
    h: () => ({
      title: `The non-linearity: ${ACTIVATION_NAMES[walk.activation]}`,
      what: ACTIVATED[walk.activation],
      formulas: [row(name("h"), "=", CURVES[walk.activation])],
      shows: ["a", "h"],
      asked: [
        [
          "Why is a non-linearity needed?",
          "Two affine layers without it are one affine layer: however many hidden units, only one " +
            "template a class would remain.",
        ],
      ],
    }),
    z: () => ({
      title: "The features vote",
      what: [
        "Each class adds up all features, each times its vote.",
        "The class with the largest score is the answer.",
      ],
      formulas: [row(name("z"), "=", product(name("h"), W2T), ...(bias ? ["+", name("b2")] : []))],
      shows: withBias(["h", "W2", "b2", "z"]),
      asked: [
        [
          "What do the columns of W2 mean?",
          `W2 is (${C}, ${H}): row c has the votes for class c, column k has all votes of hidden ` +
            "unit k. The columns shown stand in the order of h above them.",
        ],
      ],
    }),
    y: () => ({
      title: entropy ? "Scores become shares: softmax" : "Scores become outputs: sigmoid",
      what: entropy
        ? ["Softmax makes the scores positive and divides them by their sum.", "The outputs add up to 1."]
        : [
            "The sigmoid squeezes each score into the range from 0 to 1.",
            "Each class has an output of its own: they need not add up to 1.",
          ],
      formulas: [
        entropy
          ? row(
              name("y", "c"),
              "=",
              fraction(power(name("e"), name("z", "c")), sum("j", power(name("e"), name("z", "j")))),
            )
          : row(name("y"), "=", fraction("1", row("1", "+", power(name("e"), row("−", name("z")))))),
      ],
      shows: ["z", "y"],
      asked: entropy
        ? [
            [
              "What if a score is very large?",
              "The largest score is subtracted from all scores first. That changes no output, and " +
                "no exponential can overflow.",
            ],
          ]
        : [
            [
              "Does the sigmoid change the answer?",
              "No. It is rising everywhere, so the largest score stays the largest output.",
            ],
          ],
    }),
    L: () => ({
      title: "How wrong is it?",
      what: entropy
        ? [
            "Only the output of the label counts: the loss is minus its logarithm.",
            "An output of 1 costs nothing, an output near 0 costs much.",
          ]
        : ["The outputs are compared with the target.", "The differences are squared and added up."],
      formulas: [
        entropy
          ? row(name("L"), "=", "−", fraction("1", name("N")), sum("n", row("log", name("y", "n", "label"))))
          : row(
              ...[name("L"), "=", fraction("1", name("N"))],
              sum("n", sum("c", power(fenced(name("y", "n,c"), "−", name("target", "n,c")), "2"))),
            ),
      ],
      shows: ["y", "target", "L"],
      asked: [
        [
          "Why is there a 1/N?",
          "The loss is the average over the N images of a batch, so that a larger batch does not " +
            "mean a larger loss. Here N is 1.",
        ],
      ],
    }),
  };
}
