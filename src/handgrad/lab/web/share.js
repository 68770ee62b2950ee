/** Links: to what is shown now, and a teacher's, with a sentence at the top and controls hidden. */

import { button, make, newId, refill } from "./dom.js";

/** Copy a text; where that is not allowed, select it, so that a person can. @param {HTMLInputElement} from */
async function copy(from) {
  try {
    await navigator.clipboard.writeText(from.value);
    return "Copied.";
  } catch {
    from.select();
    return document.execCommand?.("copy") ? "Copied." : "Press Ctrl+C to copy.";
  }
}

/** The button and its dialog. @param {import("./host.js").State & { link?: (changes?: any) => string }} model */
export function shareDialog(model) {
  const link = make("input", { type: "text", readonly: true, id: newId("link"), class: "link" });
  const said = make("p", { class: "quiet-text", role: "status" });
  const sentence = make("input", { type: "text", id: newId("say"), maxlength: 300 });
  const names = make("div", { class: "checks" });
  const show = () => {
    const hidden = [...names.querySelectorAll("input:checked")].map((box) => /** @type {any} */ (box).value);
    link.value = model.link?.({ hide: hidden.join(","), say: sentence.value }) ?? "";
    said.textContent = "";
  };
  sentence.addEventListener("input", show);
  names.addEventListener("change", show);
  const dialog = make(
    "dialog",
    { class: "dialog", "aria-labelledby": "share-title" },
    make("h2", { id: "share-title", class: "panel-title" }, "A link to what you see"),
    make(
      "p",
      {},
      "The link holds the room, the drawing, every choice and the seed. Whoever opens it sees the same, and a ",
      "training run gives the same numbers to the last bit. A network or data from your own file stays with you.",
    ),
    make("label", { for: link.id, class: "field-label" }, "Link"),
    link,
    make(
      "div",
      { class: "row" },
      button({
        name: "copy-link",
        label: "Copy",
        kind: "main",
        onClick: async () => (said.textContent = await copy(link)),
      }),
      button({ name: "close-link", label: "Close", onClick: () => dialog.close() }),
      said,
    ),
    make(
      "details",
      {},
      make("summary", {}, "For teachers: set a task, hide controls"),
      make("label", { for: sentence.id, class: "field-label" }, "Task, shown at the top of the page"),
      sentence,
      make("p", { class: "field-label" }, "Hide in this room"),
      names,
    ),
  );
  const open = button({
    name: "link",
    label: "Link",
    title: "Copy a link to what you see",
    kind: "quiet",
    onClick: () => {
      sentence.value = model.get("say") ?? "";
      refill(names, checks(dialog, String(model.get("hide")).split(",")));
      show();
      dialog.showModal();
    },
  });
  return { button: open, el: dialog };
}

/**
 * A box to tick for each control and panel of the room that is shown.
 * @param {HTMLElement} dialog @param {string[]} hidden
 */
function checks(dialog, hidden) {
  const room = dialog.closest(".handgrad")?.querySelector(".room:not([hidden])");
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const one of room?.querySelectorAll("[data-look], [data-control]") ?? []) {
    const { look, control } = /** @type {HTMLElement} */ (one).dataset;
    const title = one.querySelector(".panel-title, .field-label, .toggle")?.textContent || one.textContent;
    const name = look ? `panel.${look}` : (control ?? "");
    if (title && !found.has(name)) found.set(name, title.trim().slice(0, 40));
  }
  return [...found].map(([name, title]) => {
    const box = make("input", { type: "checkbox", value: name, id: newId("hide") });
    box.checked = hidden.includes(name);
    return make("label", { for: box.id, class: "check" }, box, title);
  });
}
