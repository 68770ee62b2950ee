/** The Draw room. */

import { make, refill } from "./dom.js";

/** @param {{ model: import("./host.js").State, el: HTMLElement }} given */
function render({ el }) {
  refill(el, make("p", {}, "draw"));
  return () => {};
}

export default { render };
