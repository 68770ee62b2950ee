/** The tours, as data (tour.js shows them). */

import { DRAWINGS } from "./drawings.js";
import { RUN_DEFAULTS } from "./host.js";

/**
 * @typedef {{ text: string, answers: { text: string, right?: boolean, why: string }[] }} Question
 * @typedef {{ caption: string, state?: Record<string, any>, look?: string, question?: Question }} Stop
 */

/** What a run has where a tour does not say otherwise: fewer images, so that it is over in a moment. */
const RUN = { ...RUN_DEFAULTS, room: "train", share: 6000 };

/** @type {Record<string, { title: string, what: string, steps: Stop[] }>} */
export const TOURS = {
  template: {
    title: "What a hidden unit looks for",
    what: "A row of W1 is a picture: a template that is laid over your digit.",
    steps: [
      {
        caption:
          "This is a three, and these are the hidden units that answer to it most strongly. Each tile is one row " +
          "of W1, drawn as a picture: red where ink counts for the unit, blue where ink counts against it.",
        state: { room: "draw", drawing: DRAWINGS.three, relu: true, unit: null, digit: null },
        look: "units",
      },
      {
        caption:
          "Choose a tile. The unit multiplies its template with your image, pixel by pixel, and adds up the " +
          "products. With the bias b1 added, that sum is a, its agreement with the image.",
        look: "units",
        question: {
          text: "Your ink lies mostly on blue pixels of a template. What is a likely to be?",
          answers: [
            { text: "Positive", why: "Ink on red pixels raises the sum; ink on blue pixels lowers it." },
            {
              text: "Negative",
              right: true,
              why: "Each inked blue pixel adds a negative product to the sum.",
            },
            { text: "Zero", why: "Zero comes after ReLU. The agreement a itself is below zero here." },
          ],
        },
      },
      {
        caption:
          "ReLU turns a negative agreement into 0: the unit says nothing. Draw something else, and see other " +
          "units light up.",
        look: "canvas",
      },
    ],
  },
  ledger: {
    title: "The ledger of a score",
    what: "A digit's score is a sum of votes. You can check the addition.",
    steps: [
      {
        caption:
          "The score z of a digit is the sum of what every hidden unit contributes: its feature h times its weight " +
          "in W2, and the bias b2 at the end. The ledger lists the contributions, the largest first.",
        state: { room: "draw", drawing: DRAWINGS.seven, relu: true, digit: 7, unit: null },
        look: "ledger",
      },
      {
        caption: "Choose another digit: the same features, other weights. Look at the 1.",
        state: { digit: 1 },
        look: "ledger",
        question: {
          text: "A unit has h = 0 for this image. What does it contribute to the ten scores?",
          answers: [
            {
              text: "Nothing to any of them",
              right: true,
              why: "Its contribution is W2 times h, and h is 0.",
            },
            { text: "Its weight in W2", why: "The weight is multiplied by h, which is 0." },
            { text: "The bias b2", why: "The bias belongs to the digit, not to a unit." },
          ],
        },
      },
    ],
  },
  bar: {
    title: "A seven with a bar",
    what: "One stroke changes the answer's confidence. Which units noticed it?",
    steps: [
      {
        caption: "A plain seven. Note the outputs and the confidence.",
        state: { room: "draw", drawing: DRAWINGS.seven, digit: null, unit: null, relu: true },
        look: "outputs",
      },
      {
        caption: "The same seven with a bar, as many people write it. Look at what changed.",
        state: { drawing: DRAWINGS.sevenWithBar },
        look: "outputs",
        question: {
          text: "Why can one stroke move all ten outputs?",
          answers: [
            {
              text: "Every hidden unit under the stroke changes, and each votes on all ten digits",
              right: true,
              why: "A pixel enters every unit through W1, and every unit enters every score through W2.",
            },
            {
              text: "The outputs must sum to 1",
              why: "They are ten sigmoids, each for itself. Their sum is free.",
            },
          ],
        },
      },
      {
        caption: "Draw a seven of your own, then add a bar, slowly. The tiles answer while you draw.",
        look: "canvas",
      },
    ],
  },
  collapse: {
    title: "Without ReLU",
    what: "Two layers without a bend between them are one layer.",
    steps: [
      {
        caption:
          "Without ReLU, z = W2 (W1 x + b1) + b2 is a single matrix times x: the whole network collapses into ten " +
          "images, one for each digit. Here they are.",
        state: { room: "draw", drawing: DRAWINGS.five, relu: false, digit: null, unit: null },
        look: "collapse",
      },
      {
        caption: "This network was trained with ReLU. Taking ReLU away afterwards changes its answers.",
        look: "outputs",
        question: {
          text: "How many templates does a network without a non-linearity have, whatever its number of hidden units?",
          answers: [
            {
              text: "One for each hidden unit",
              why: "It has them, but only their ten fixed mixtures reach the scores.",
            },
            { text: "Ten, one for each digit", right: true, why: "W2 W1 has ten rows of 784 numbers." },
          ],
        },
      },
      {
        caption:
          "Train one without a non-linearity: it does no better than ten well-chosen images can, about " +
          "90 % with 6,000 images. Press Start.",
        state: { ...RUN, activation: "none", learning_rate: 0.05 },
        look: "controls",
      },
    ],
  },
  zeros: {
    title: "Why weights start at random",
    what: "Start every weight at zero, and nothing ever learns to differ.",
    steps: [
      {
        caption: "All weights are 0. Press Start and watch the loss.",
        state: { ...RUN, init: "zeros", epochs: 3 },
        look: "templates",
        question: {
          text: "What do the hidden units' templates look like after training?",
          answers: [
            {
              text: "Still zero",
              right: true,
              why: "h = 0 makes grad_W2 zero, and W2 = 0 makes grad_h zero. Only b2 moves.",
            },
            { text: "Random", why: "Nothing in the run is random but the order of the images." },
            { text: "The mean images", why: "No gradient reaches W1, because W2 is zero." },
          ],
        },
      },
      {
        caption: "Now start at random, with the same seed for the order of the images. Press Start.",
        state: { ...RUN, epochs: 3 },
        look: "templates",
      },
    ],
  },
  large: {
    title: "A learning rate that is too large",
    what: "Steps that jump over the valley.",
    steps: [
      {
        caption: "A rate of 0.5 learns well. Press Start, and let it finish.",
        state: { ...RUN, epochs: 3 },
        look: "loss",
      },
      {
        caption: "The same start at rate 20. Press Start.",
        state: { ...RUN, epochs: 3, learning_rate: 20 },
        look: "loss",
        question: {
          text: "The loss of this network stays near 1 and does not move. Why?",
          answers: [
            {
              text: "Every output sits at 0 or 1, where the sigmoid is flat",
              right: true,
              why: "y (1 - y) is 0 there, so grad_z is 0: the network cannot find its way back.",
            },
            {
              text: "It has learnt everything",
              why: "A loss of 1 means that one of ten targets is missed each time.",
            },
          ],
        },
      },
      { caption: "The page says what it sees, and offers a way out. Try it.", look: "diagnosis" },
    ],
  },
  plateau: {
    title: "The plateau at the beginning",
    what: "With the L2 loss, ten outputs of one half come down first.",
    steps: [
      {
        caption:
          "At the start every output is near one half, so that the loss is near 10 x 0.25 = 2.5. The network " +
          "first learns that nine of ten outputs should be low. Press One batch several times.",
        state: { ...RUN, epochs: 2 },
        look: "loss",
        question: {
          text: "All outputs at 0.1: what is the L2 loss of an image, summed over the ten digits?",
          answers: [
            { text: "0.9", right: true, why: "9 x 0.1^2 + 0.9^2 = 0.09 + 0.81 = 0.9: the plateau." },
            { text: "0.1", why: "The right digit's error is 0.9, and counts with its square." },
            { text: "2.5", why: "That is the loss at one half each." },
          ],
        },
      },
      {
        caption:
          "With b2 started so that each output begins at 1/10, the first descent is skipped. Press Start.",
        state: { ...RUN, epochs: 2, output_bias: "prior" },
        look: "loss",
      },
    ],
  },
  dead: {
    title: "Dead units",
    what: "A ReLU unit that is never positive never learns again.",
    steps: [
      {
        caption: "A few steps at a large rate push many units below zero for every image. Press Start.",
        state: { ...RUN, loss: "cross_entropy", learning_rate: 1, epochs: 1 },
        look: "templates",
        question: {
          text: "Why does a dead unit stay dead?",
          answers: [
            {
              text: "Its gradient is 0 for every image",
              right: true,
              why: "grad_a is 0 wherever a is below 0.",
            },
            { text: "Its weights are 0", why: "Its weights can be large. Its agreement is below 0." },
          ],
        },
      },
      {
        caption: "Leaky ReLU keeps a slope of 0.01 below zero: its units can come back. Press Start.",
        state: { ...RUN, loss: "cross_entropy", learning_rate: 1, epochs: 1, activation: "leaky_relu" },
        look: "templates",
      },
    ],
  },
  overfitting: {
    title: "Learning 100 images by heart",
    what: "Training accuracy goes to 100 %, validation does not follow.",
    steps: [
      {
        caption: "100 images, many epochs. Press Start and compare the two curves of the accuracy.",
        state: { ...RUN, share: 100, epochs: 60 },
        look: "accuracy",
        question: {
          text: "Which accuracy tells how the network will read your handwriting?",
          answers: [
            { text: "Training", why: "It has seen each of these images 60 times." },
            { text: "Validation", right: true, why: "These images were held back, as yours are new to it." },
          ],
        },
      },
      {
        caption: "More data helps more than anything else: the same network with 6,000 images. Press Start.",
        state: { ...RUN, share: 6000, epochs: 3 },
        look: "accuracy",
      },
    ],
  },
  backward: {
    title: "One step backward",
    what: "From the loss to W1, each gradient from the one before.",
    steps: [
      {
        caption:
          "One image goes forward: x, a, h, z, y, and the loss L. Then backpropagation goes the same way back. " +
          "Press Next until you reach grad_z.",
        state: { room: "step", example: "247" },
        look: "map",
      },
      {
        caption: "grad_z = grad_y · y (1 - y). Look at the cells, and open one of them.",
        look: "stage",
        question: {
          text: "An output y is 0.999 and should be 0. Is its grad_z large?",
          answers: [
            {
              text: "Yes, the error is large",
              why: "The error is large, but it is multiplied by y (1 - y) = 0.001.",
            },
            {
              text: "No",
              right: true,
              why: "y (1 - y) is 0.001: a sigmoid that is confidently wrong learns slowly.",
            },
          ],
        },
      },
      { caption: "Go on to the update, and take the step. The loss of this image goes down.", look: "take" },
    ],
  },
  nudge: {
    title: "Nudge a weight",
    what: "A derivative is a slope that you can measure.",
    steps: [
      {
        caption:
          "Choose a weight and move it by a little, up and down. The loss changes; the change divided by the " +
          "distance is the measured slope. Beside it stands the number that backpropagation derives by hand.",
        state: { room: "step", example: "247" },
        look: "nudge",
        question: {
          text: "Why (L(w+h) - L(w-h)) / 2h, rather than (L(w+h) - L(w)) / h?",
          answers: [
            {
              text: "The error shrinks with h squared, not with h",
              right: true,
              why: "Errors of even order cancel.",
            },
            { text: "It is faster", why: "Both need two forward passes." },
          ],
        },
      },
    ],
  },
};
