/** The Train room. */

import { make, refill } from "./dom.js";

/** @param {{ model: import("./host.js").State, el: HTMLElement }} given */
function render({ el }) {
  refill(el, make("p", {}, "train"));
  return () => {};
}

export default { render };
