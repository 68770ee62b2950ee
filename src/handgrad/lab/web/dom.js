/**
 * What the rooms are built of: elements, labelled controls, panels with a "what is this?", and spoken news.
 *
 * Every control has a name (data-control), by which a teacher's link can hide it; every panel has a name
 * (data-look), by which a tour can point to it. Nothing here writes HTML as text.
 */

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, any>} Attributes
 */

/**
 * An element with its attributes and children. `on` has listeners by event; `class` is the class; true and
 * false set and leave out an attribute; all else is an attribute as it stands.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, heard] of Object.entries(value)) made.addEventListener(event, heard);
    } else made.setAttribute(name, value === true ? "" : String(value));
  }
  return add(made, ...children);
}

/**
 * @template {Element} T
 * @param {T} to
 * @param {...(Child | Child[])} children
 * @returns {T}
 */
export function add(to, ...children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    to.append(child instanceof Node ? child : String(child));
  }
  return to;
}

/**
 * The element with these children in place of those that it had.
 * @template {Element} T
 * @param {T} of
 * @param {...(Child | Child[])} children
 * @returns {T}
 */
export function refill(of, ...children) {
  of.replaceChildren();
  return add(of, ...children);
}

let numbered = 0;

/** A new id. @param {string} [stem] */
export function newId(stem = "handgrad") {
  numbered += 1;
  return `${stem}-${numbered}`;
}

/**
 * "What is this?": a small button that opens an explanation.
 * @param {string} about what it explains, for the button's label
 * @param {Child | Child[]} text
 */
export function hint(about, text) {
  const id = newId("hint");
  const box = make("div", { id, class: "hint-text", popover: "auto", role: "note" }, text);
  const label = `What is this: ${about}`;
  const ask = make("button", { type: "button", class: "hint", "aria-label": label, popovertarget: id }, "?");
  box.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    const at = ask.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = box;
    const left = Math.max(8, Math.min(at.left - 12, innerWidth - width - 8));
    const below = at.bottom + 6;
    const top = below + height > innerHeight - 8 ? Math.max(8, at.top - height - 6) : below;
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  });
  return make("span", { class: "hint-place" }, ask, box);
}

/**
 * A part of a room, with a title and a hint. name: what tours point to.
 * @param {{ name: string, title: string, what?: Child | Child[], level?: "h2" | "h3", class?: string }} about
 * @param {...(Child | Child[])} children
 */
export function panel({ name, title, what, level = "h2", class: kind = "" }, ...children) {
  const id = newId("panel");
  const head = make(
    "header",
    { class: "panel-head" },
    make(level, { id, class: "panel-title" }, title),
    what && hint(title, what),
  );
  const attributes = { class: `panel ${kind}`, "data-look": name, "aria-labelledby": id };
  return make("section", attributes, head, ...children);
}

/**
 * @param {{ name: string, label: Child, title?: string, kind?: "main" | "plain" | "quiet", pressed?: boolean,
 *   disabled?: boolean, onClick: (event: Event) => void }} about
 */
export function button({ name, label, title, kind = "plain", pressed, disabled, onClick }) {
  const attributes = {
    type: "button",
    class: `button ${kind}`,
    "data-control": name,
    title,
    disabled,
    "aria-pressed": pressed === undefined ? null : String(pressed),
    on: { click: onClick },
  };
  return make("button", attributes, label);
}

/**
 * A labelled control: the frame of the four below.
 * @param {string} name @param {string} label @param {Child | Child[]} what @param {HTMLElement} control
 * @param {Child} [after]
 */
function field(name, label, what, control, after) {
  control.id = newId(name);
  const title = make("label", { for: control.id, class: "field-label" }, label);
  const head = make("div", { class: "field-head" }, title, what && hint(label, what), after);
  return make("div", { class: "field", "data-control": name }, head, control);
}

/**
 * A choice from a list. The element's `choose(value)` shows another choice.
 * @param {{ name: string, label: string, what?: Child | Child[], options: [string, string][], value: string,
 *   onChange: (value: string) => void }} about
 */
export function choice({ name, label, what, options, value, onChange }) {
  const select = make(
    "select",
    { on: { change: () => onChange(select.value) } },
    options.map(([key, text]) => make("option", { value: key }, text)),
  );
  select.value = value;
  const whole = field(name, label, what, select);
  return Object.assign(whole, { choose: (/** @type {string} */ to) => (select.value = to), control: select });
}

/**
 * A slider over a list of values (learning rates are not evenly spaced). choose(value) moves it.
 * @param {{ name: string, label: string, what?: Child | Child[], values: number[], value: number,
 *   show?: (value: number) => string, onInput: (value: number) => void }} about
 */
export function slider({ name, label, what, values, value, show = String, onInput }) {
  const shown = make("output", { class: "field-value" });
  const range = make("input", {
    type: "range",
    min: 0,
    max: values.length - 1,
    step: 1,
    on: { input: () => say(onInput) },
  });
  /** @param {(value: number) => void} [then] */
  const say = (then) => {
    const now = values[Number(range.value)];
    shown.textContent = show(now);
    range.setAttribute("aria-valuetext", show(now));
    then?.(now);
  };
  /** @param {number} to */
  const choose = (to) => {
    let nearest = 0;
    values.forEach((each, i) => {
      if (Math.abs(each - to) < Math.abs(values[nearest] - to)) nearest = i;
    });
    range.value = String(nearest);
    say();
  };
  choose(value);
  return Object.assign(field(name, label, what, range, shown), { choose, control: range });
}

/**
 * A number to be typed. choose(value) shows another.
 * @param {{ name: string, label: string, what?: Child | Child[], min?: number, max?: number, value: number,
 *   step?: number | "any", onChange: (value: number) => void }} about
 */
export function number({ name, label, what, min, max, value, step = 1, onChange }) {
  const input = make("input", { type: "number", min, max, step, inputmode: "decimal", value });
  input.addEventListener("change", () => {
    if (input.checkValidity() && input.value !== "") onChange(Number(input.value));
    else input.reportValidity();
  });
  const whole = field(name, label, what, input);
  return Object.assign(whole, {
    choose: (/** @type {number} */ to) => (input.value = String(to)),
    control: input,
  });
}

/**
 * A switch. choose(on) turns it.
 * @param {{ name: string, label: string, what?: Child | Child[], value: boolean,
 *   onChange: (value: boolean) => void }} about
 */
export function toggle({ name, label, what, value, onChange }) {
  const box = make("input", { type: "checkbox", role: "switch", id: newId(name) });
  box.checked = value;
  box.addEventListener("change", () => onChange(box.checked));
  const text = make("label", { for: box.id, class: "toggle" }, box, make("span", {}, label));
  const whole = make("div", { class: "field switch", "data-control": name }, text, what && hint(label, what));
  return Object.assign(whole, { choose: (/** @type {boolean} */ to) => (box.checked = to), control: box });
}

/**
 * News for screen readers: say(text) is spoken, the latest text at most once in `pause` milliseconds.
 * @param {number} [pause]
 */
export function spoken(pause = 800) {
  const el = make("div", { class: "spoken", "aria-live": "polite", role: "status" });
  let waiting = "";
  let timer = 0;
  const say = (/** @type {string} */ text) => {
    waiting = text;
    if (timer) return;
    timer = window.setTimeout(() => {
      timer = 0;
      if (el.textContent !== waiting) el.textContent = waiting;
    }, pause);
  };
  return { el, say };
}

/**
 * The files that a person drops on the element, pastes into the page, or chooses with the button returned.
 * @param {HTMLElement} on @param {{ name: string, label: string, accept?: string }} about
 * @param {(files: File[]) => void} then
 */
export function files(on, { name, label, accept }, then) {
  const chosen = make("input", { type: "file", multiple: true, accept, hidden: true, tabindex: -1 });
  chosen.addEventListener("change", () => {
    if (chosen.files?.length) then([...chosen.files]);
    chosen.value = "";
  });
  on.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    on.classList.add("dropping");
  });
  on.addEventListener("dragleave", (event) => {
    if (!on.contains(/** @type {Node | null} */ (event.relatedTarget))) on.classList.remove("dropping");
  });
  on.addEventListener("drop", (event) => {
    on.classList.remove("dropping");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    then([...event.dataTransfer.files]);
  });
  const ask = button({ name, label, onClick: () => chosen.click() });
  return make("span", { class: "files" }, ask, chosen);
}

/** A number as the page writes it: with a true minus sign. @param {number} value @param {number} [digits] */
export function written(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const small = size !== 0 && (size < 10 ** -digits || size >= 1e6);
  const text = small ? size.toExponential(2) : size.toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
