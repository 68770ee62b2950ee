/**
 * What each stage of the walk says: its title, what happens there, the formula, the tensors that it shows, and
 * what learners often ask. No DOM.
 *
 * @typedef {import("./formula.js").Formula} Formula
 * @typedef {import("./step_maths.js").Walk} Walk
 * @typedef {{ title: string, what: string[], formulas: Formula[], shows: string[],
 *   asked: [string, string][] }} StageText
 */
import { fenced, fraction, name, power, product, row, sum, words } from "./formula.js";

/** @type {Record<string, string>} */
export const ACTIVATION_NAMES = {
  relu: "ReLU",
  leaky_relu: "leaky ReLU",
  tanh: "tanh",
  sigmoid: "sigmoid",
  none: "no non-linearity",
};

/** What a tensor is, in a line. @type {Record<string, string>} */
export const MEANINGS = {
  x: "The image: one number a pixel, from 0 (paper) to 1 (ink).",
  W1: "The templates: row k belongs to hidden unit k. A tile is one row, folded to the shape of the image.",
  b1: "The biases of the hidden units: a number that is added to each agreement.",
  a: "The agreement of the image with each template.",
  h: "The features that are present: what the hidden units pass on.",
  W2: "The votes: how much each feature (column) speaks for or against each class (row).",
  b2: "The biases of the classes.",
  z: "The scores, one a class. The largest score is the answer.",
  y: "The outputs: each score squeezed to a number between 0 and 1.",
  target: "What the outputs should be: 1 for the label, 0 for the other classes.",
  L: "The loss: one number for how wrong the outputs are. Training makes it small.",
  grad_y: "How fast the loss grows with each output.",
  grad_z: "How fast the loss grows with each score.",
  grad_W2: "How fast the loss grows with each weight of the second layer.",
  grad_b2: "How fast the loss grows with each bias of the second layer.",
  grad_h: "How fast the loss grows with each feature.",
  grad_a: "How fast the loss grows with each agreement.",
  grad_W1: "How fast the loss grows with each weight of the first layer, a tile a unit.",
  grad_b1: "How fast the loss grows with each bias of the first layer.",
  new_W1: "The templates after the step.",
  new_b1: "The biases of the hidden units after the step.",
  new_W2: "The votes after the step.",
  new_b2: "The biases of the classes after the step.",
};

/** @type {Record<string, Formula>} */
const CURVES = {
  relu: row("max", fenced(name("a"), ",", "0")),
  leaky_relu: row(name("a"), words("where"), name("a"), ">", "0", ",", words("else"), "0.01", "·", name("a")),
  tanh: row("tanh", fenced(name("a"))),
  sigmoid: fraction("1", row("1", "+", power(name("e"), row("−", name("a"))))),
  none: name("a"),
};

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

/** @param {boolean} reads whether the gate reads a @returns {[string, string]} */
function gateAsked(reads) {
  return reads
    ? [
        "Why does the gate read a, and not grad_h?",
        "The slope of the non-linearity depends on where the unit was on the way forward: 1 where a was above 0. The sign of grad_h says nothing about that. A unit that was off did not change the loss, so its gradient is 0.",
      ]
    : [
        "Why does this gate read h?",
        "The slope of tanh is 1 − h² and that of the sigmoid is h(1 − h). Both can be had from the output h, so nothing has to be computed anew. The slope of ReLU is read from a: 1 where a is above 0.",
      ];
}

/** The text of a stage. @param {string} stage @param {Walk} walk @returns {StageText} */
export function textOf(stage, walk) {
  const bias = walk.params.b1 !== null;
  const entropy = walk.loss === "cross_entropy";
  const { H, D, C } = walk.params;
  const W1T = power(name("W1"), "T");
  const W2T = power(name("W2"), "T");
  const with_b = (/** @type {string[]} */ shows) => shows.filter((each) => bias || !/b\d/.test(each));
  /** @type {Record<string, () => StageText>} */
  const texts = {
    x: () => ({
      title: "The image becomes numbers",
      what: ["Each pixel is divided by 255, so that ink lies between 0 (paper) and 1 (full ink)."],
      formulas: [row(name("x"), "=", fraction(words("pixels"), "255"))],
      shows: ["x"],
      asked: [
        [
          `Why is the shape (1, ${D})?`,
          `A batch of N images is a matrix with a row an image. Here N is 1. The ${D} pixels of a row are the image, read line by line.`,
        ],
      ],
    }),
    a: () => ({
      title: "Each template is laid over the image",
      what: [
        "For each hidden unit, every pixel is multiplied by the template's weight there, and all products are added.",
        "A large sum means that the image has ink where the template wants ink.",
      ],
      formulas: [row(name("a"), "=", product(name("x"), W1T), ...(bias ? ["+", name("b1")] : []))],
      shows: with_b(["x", "W1", "b1", "a"]),
      asked: [
        [
          "Why is W1 transposed?",
          `W1 has a row a hidden unit: (${H}, ${D}). x has a row an image: (1, ${D}). Columns of the left must meet rows of the right: (1, ${D}) times (${D}, ${H}) gives (1, ${H}).`,
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
          "Two affine layers without it are one affine layer: however many hidden units, only one template a class would remain.",
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
      shows: with_b(["h", "W2", "b2", "z"]),
      asked: [
        [
          "What do the columns of W2 mean?",
          `W2 is (${C}, ${H}): row c has the votes for class c, column k has all votes of hidden unit k. The columns shown stand in the order of h above them.`,
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
              "The largest score is subtracted from all scores first. That changes no output, and no exponential can overflow.",
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
          "The loss is the average over the N images of a batch, so that a larger batch does not mean a larger loss. Here N is 1.",
        ],
      ],
    }),
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
          "The derivative of a square (y − target)² is 2(y − target): that is the 2. The loss is an average over N images: that is the 1/N. Here N is 1, so the factor is 2.",
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
              "The 2 of the L2 loss comes from the square. Cross-entropy has a logarithm in its place; its derivative 1/y cancels against softmax.",
            ],
          ]
        : [
            [
              "Is this a matrix product?",
              "No. Each output was made from its own score alone, so each gradient is multiplied by its own slope, cell by cell.",
            ],
          ],
    }),
    grad_W2: () => ({
      title: "The gradient of the votes",
      what: [
        "A vote was multiplied by its feature, so its gradient is the gradient of the score times the feature.",
        "Votes of units with h = 0 get no gradient: they had no part in this answer.",
      ],
      formulas: [
        row(name("grad_W2"), "=", product(power(name("grad_z"), "T"), name("h"))),
        ...(bias ? [row(name("grad_b2"), "=", sum("n", name("grad_z", "n")))] : []),
      ],
      shows: with_b(["grad_z", "h", "grad_W2", "grad_b2"]),
      asked: [
        [
          "How do I remember which side is transposed?",
          `A gradient has the shape of what it belongs to. grad_W2 must be (${C}, ${H}) like W2. grad_z is (1, ${C}) and h is (1, ${H}): only grad_z transposed times h has that shape.`,
        ],
        [
          "Why does the bias add up over the images?",
          "The same bias is added to every image of a batch, so each image has a say. Here N is 1, and grad_b2 is grad_z.",
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
          `Forward, W2 was transposed: z = h W2ᵀ. The way back turns it round: (1, ${C}) times (${C}, ${H}) gives (1, ${H}), the shape of h.`,
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
        "A weight was multiplied by its pixel, so its gradient is the gradient of the agreement times the pixel.",
        "Each tile is the image itself, times one number. Pixels without ink get no gradient.",
      ],
      formulas: [
        row(name("grad_W1"), "=", product(power(name("grad_a"), "T"), name("x"))),
        ...(bias ? [row(name("grad_b1"), "=", sum("n", name("grad_a", "n")))] : []),
      ],
      shows: with_b(["grad_a", "x", "grad_W1", "grad_b1"]),
      asked: [
        [
          "Is there no grad_x?",
          "It could be had as grad_a W1. Training does not need it: the image is given, and nobody changes it.",
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
      shows: with_b(["W1", "grad_W1", "new_W1", "W2", "grad_W2", "new_W2", "b2", "grad_b2", "new_b2"]),
      asked: [
        ["Why minus?", "The gradient points to where the loss grows. The step goes the other way."],
        [
          "Why can a large step make the loss larger?",
          "The gradient is the slope at one point. Far from it the loss bends, and the slope there is another.",
        ],
      ],
    }),
  };
  return texts[stage]();
}
