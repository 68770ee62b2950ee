/** What the tensors and the non-linearities are called, and what they are. No DOM. */

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
