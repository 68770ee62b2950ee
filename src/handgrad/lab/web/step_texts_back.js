/**
 * What the stages of the way back say: from the loss to the step. No DOM.
 *
 * @typedef {import("./formula.js").Formula} Formula
 * @typedef {import("./step_texts.js").About} About
 * @typedef {import("./step_texts.js").StageText} StageText
 */
import { fenced, fraction, name, power, product, row, sum, words } from "./formula.js";
import { ACTIVATION_NAMES } from "./step_names.js";

/** @type {Record<string, Formula>} */
const GATES = {
  relu: row(name("grad_h"), words("where"), name("a"), ">", "0", ",", words("else"), "0"),
  leaky_relu: row(
    name("grad_h"),
    words("where"),
    name("a"),
    ">",
    "0",
    ",",
    words("else"),
    "0.01",
    "·",
    name("grad_h"),
  ),
  tanh: product(name("grad_h"), fenced("1", "−", power(name("h"), "2"))),
  sigmoid: product(name("grad_h"), name("h"), fenced("1", "−", name("h"))),
  none: name("grad_h"),
};

/** @param {boolean} reads whether the gate reads a @returns {[string, string]} */
function gateAsked(reads) {
  return reads
    ? [
        "Why does the gate read a, and not grad_h?",
        "The slope of the non-linearity depends on where the unit was on the way forward: 1 where " +
          "a was above 0. The sign of grad_h says nothing about that. A unit that was off did not " +
          "change the loss, so its gradient is 0.",
      ]
    : [
        "Why does this gate read h?",
        "The slope of tanh is 1 − h² and that of the sigmoid is h(1 − h). Both can be had from " +
          "the output h, so nothing has to be computed anew. The slope of ReLU is read from a: 1 " +
          "where a is above 0.",
      ];
}

/** @param {About} about @returns {Record<string, () => StageText>} */
export function textsBack({ walk, bias, entropy, withBias }) {
  const { H, C } = walk.params;
  return {
    grad_y: () => ({
      title: "Back: from the loss to the outputs",
      what: [
        "Backpropagation starts here: how fast does the loss grow if an output grows a little?",
        "Outputs that are too large get a positive gradient, outputs that are too small a negative gradient.",
      ],
      formulas: [row(name("grad_y"), "=", fraction("2", name("N")), fenced(name("y"), "−", name("target")))],
      shows: ["y", "target", "grad_y"],
      asked: [
        [
          "Where does the 2/N come from?",
          "The derivative of a square (y − target)² is 2(y − target): that is the 2. The loss is " +
            "an average over N images: that is the 1/N. Here N is 1, so the factor is 2.",
        ],
      ],
    }),
    grad_z: () => ({
      title: entropy ? "Back: from the loss to the scores" : "Back through the sigmoid",
      what: entropy
        ? [
            "Exponential and logarithm cancel on the way back.",
            "What remains is the difference between output and target.",
          ]
        : [
            "Each gradient is multiplied by the slope of the sigmoid, y(1 − y).",
            "Where an output is close to 0 or 1 the slope is almost 0, and little comes back.",
          ],
      formulas: [
        entropy
          ? row(name("grad_z"), "=", fraction("1", name("N")), fenced(name("y"), "−", name("target")))
          : row(name("grad_z"), "=", product(name("grad_y"), name("y"), fenced("1", "−", name("y")))),
      ],
      shows: entropy ? ["y", "target", "grad_z"] : ["grad_y", "y", "grad_z"],
      asked: entropy
        ? [
            [
              "Why is there no 2 here?",
              "The 2 of the L2 loss comes from the square. Cross-entropy has a logarithm in its " +
                "place; its derivative 1/y cancels against softmax.",
            ],
          ]
        : [
            [
              "Is this a matrix product?",
              "No. Each output was made from its own score alone, so each gradient is multiplied " +
                "by its own slope, cell by cell.",
            ],
          ],
    }),
    grad_W2: () => ({
      title: "The gradient of the votes",
      what: [
        "A vote was multiplied by its feature, so its gradient is the gradient of the score times " +
          "the feature.",
        "Votes of units with h = 0 get no gradient: they had no part in this answer.",
      ],
      formulas: [
        row(name("grad_W2"), "=", product(power(name("grad_z"), "T"), name("h"))),
        ...(bias ? [row(name("grad_b2"), "=", sum("n", name("grad_z", "n")))] : []),
      ],
      shows: withBias(["grad_z", "h", "grad_W2", "grad_b2"]),
      asked: [
        [
          "How do I remember which side is transposed?",
          `A gradient has the shape of what it belongs to. grad_W2 must be (${C}, ${H}) like W2. ` +
            `grad_z is (1, ${C}) and h is (1, ${H}): only grad_z transposed times h has that shape.`,
        ],
        [
          "Why does the bias add up over the images?",
          "The same bias is added to every image of a batch, so each image has a say. Here N is " +
            "1, and grad_b2 is grad_z.",
        ],
      ],
    }),
    grad_h: () => ({
      title: "Back through the votes",
      what: [
        "Each feature spoke to all classes, so it hears from all of them.",
        "What comes back is each class's gradient times the vote, added up.",
      ],
      formulas: [row(name("grad_h"), "=", product(name("grad_z"), name("W2")))],
      shows: ["grad_z", "W2", "grad_h"],
      asked: [
        [
          "Why is W2 not transposed here?",
          `Forward, W2 was transposed: z = h W2ᵀ. The way back turns it round: (1, ${C}) times ` +
            `(${C}, ${H}) gives (1, ${H}), the shape of h.`,
        ],
      ],
    }),
    grad_a: () => ({
      title: `Back through the non-linearity: ${ACTIVATION_NAMES[walk.activation]}`,
      what:
        {
          relu: ["Units that were on pass their gradient on. Units that were off pass on 0."],
          leaky_relu: ["Units that were on pass their gradient on. Units that were off pass on a hundredth."],
          tanh: ["Each gradient is multiplied by the slope of tanh, 1 − h²."],
          sigmoid: ["Each gradient is multiplied by the slope of the sigmoid, h(1 − h)."],
          none: ["There is no non-linearity, so the gradient passes as it is."],
        }[walk.activation] ?? [],
      formulas: [row(name("grad_a"), "=", GATES[walk.activation])],
      shows: ["tanh", "sigmoid"].includes(walk.activation)
        ? ["grad_h", "h", "grad_a"]
        : ["grad_h", "a", "grad_a"],
      asked: walk.activation === "none" ? [] : [gateAsked(walk.activation.includes("relu"))],
    }),
    grad_W1: () => ({
      title: "The gradient of the templates",
      what: [
        "A weight was multiplied by its pixel, so its gradient is the gradient of the agreement " +
          "times the pixel.",
        "Each tile is the image itself, times one number. Pixels without ink get no gradient.",
      ],
      formulas: [
        row(name("grad_W1"), "=", product(power(name("grad_a"), "T"), name("x"))),
        ...(bias ? [row(name("grad_b1"), "=", sum("n", name("grad_a", "n")))] : []),
      ],
      shows: withBias(["grad_a", "x", "grad_W1", "grad_b1"]),
      asked: [
        [
          "Is there no grad_x?",
          "It could be had as grad_a W1. Training does not need it: the image is given, and " +
            "nobody changes it.",
        ],
      ],
    }),
    update: () => ({
      title: "The step: every parameter moves",
      what: [
        "Each parameter moves against its gradient, by the learning rate times the gradient.",
        "The loss for this image becomes smaller, if the step is not too large.",
      ],
      formulas: ["W1", "b1", "W2", "b2"]
        .filter((each) => bias || each[0] === "W")
        .map((each) => row(name(each), "←", name(each), "−", product(words("rate"), name(`grad_${each}`)))),
      shows: withBias(["W1", "grad_W1", "new_W1", "W2", "grad_W2", "new_W2", "b2", "grad_b2", "new_b2"]),
      asked: [
        ["Why minus?", "The gradient points to where the loss grows. The step goes the other way."],
        [
          "Why can a large step make the loss larger?",
          "The gradient is the slope at one point. Far from it the loss bends, and the slope " +
            "there is another.",
        ],
      ],
    }),
  };
}
