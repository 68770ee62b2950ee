/** Light or dark: what a person chose, or what the system has. The rooms paint anew when `dark` changes. */

import { watch } from "./host.js";

/** Keep an element's theme as the state says. @param {import("./host.js").State} model @param {HTMLElement} el */
export function followTheme(model, el) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const chosen = model.get("theme");
    const dark = chosen === "dark" || (chosen !== "light" && system.matches);
    el.dataset.theme = dark ? "dark" : "light";
    model.set("dark", dark);
  };
  system.addEventListener("change", show);
  const end = watch(model, ["theme"], show);
  return () => {
    system.removeEventListener("change", show);
    end();
  };
}
