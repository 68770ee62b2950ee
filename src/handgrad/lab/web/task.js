/** What kernel.wasm is told: the record's fields, in order, and the numbers that both sides know. The mirror of task.py. */

// a test compares all of it with engines/ink/task.py
export const FIELDS =
  "images labels order scales weights weighted first column value sparse N batches size activation bias loss rule " +
  "D H C Hp Cp thread threads W1 W2 V2 b2 " +
  "m_W1 v_W1 m_W2 v_W2 m_b2 v_b2 place shades targets bands starts pieces piece mask pixel ink count pairs room " +
  "grad_z grad_a grad_W1 grads h shares counter out squash finite total diverged";
export const LANES = 16;
export const CONSTANTS = Object.freeze({
  SCORES: 16,
  EMIT: 4,
  TOGETHER: 4,
  PIECE: 64,
  GREYS: 256,
  TILE: 50_176,
  SCALES: 5,
});
export const RULES = Object.freeze({ sgd: 0, momentum: 1, nesterov: 2, adam: 3, read: 4 });
export const ACTIVATION_CODES = Object.freeze({ relu: 0, leaky_relu: 1, tanh: 2, sigmoid: 3, none: 4 });
export const LOSS_CODES = Object.freeze({ l2: 0, cross_entropy: 1 });
