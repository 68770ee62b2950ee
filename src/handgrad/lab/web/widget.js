/** The entry for notebooks: anywidget calls render; the trait `widget` says which room, or the whole lab. */

import lab from "./app.js";
import draw from "./draw.js";
import { WidgetState } from "./host.js";
import step from "./step.js";
import { followTheme } from "./theme.js";

/** @param {{ model: import("./host.js").State, el: HTMLElement }} given */
function render({ model, el }) {
  const state = new WidgetState(model);
  const place = document.createElement("div");
  el.append(place);
  place.classList.add("handgrad", "in-notebook");
  const still = followTheme(state, place);
  const rooms = { lab, draw, step };
  const end = rooms[/** @type {keyof typeof rooms} */ (model.get("widget"))].render({
    model: state,
    el: place,
  });
  return () => {
    end?.();
    still();
    state.end();
  };
}

export default { render };
