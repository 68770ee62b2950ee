/**
 * Tours: a guide that sets the page, says what to look at, and asks before it goes on.
 *
 * A step is { caption, state, look, question }. `state` are keys of the page's state; `look` names the panel
 * that is outlined; a question must be answered before the next step, and says why each answer is right or not.
 */

import { button, make, refill } from "./dom.js";
import { watch } from "./host.js";
import { TOURS } from "./tours.js";

/** The list of tours. @param {import("./host.js").State} model */
export function tourMenu(model) {
  const id = "tour-list";
  const list = make(
    "div",
    { id, class: "menu", popover: "auto", role: "menu", "aria-label": "Tours", on: { keydown: turn } },
    Object.entries(TOURS).map(([name, { title, what }]) =>
      make(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: "menu-item",
          on: {
            click: () => {
              list.hidePopover();
              model.set("at", 0);
              model.set("tour", "");
              model.set("tour", name);
              model.save_changes();
            },
          },
        },
        make("strong", {}, title),
        make("span", { class: "quiet-text" }, what),
      ),
    ),
  );

  /** @param {KeyboardEvent} event */
  function turn(event) {
    const items = /** @type {HTMLElement[]} */ ([...list.children]);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const places = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 };
    if (!(event.key in places)) return;
    items.at(places[event.key] % items.length)?.focus();
    event.preventDefault();
  }

  const open = make(
    "button",
    {
      type: "button",
      class: "button quiet",
      "data-control": "tours",
      "aria-haspopup": "menu",
      popovertarget: id,
    },
    "Tours",
  );
  list.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    const at = open.getBoundingClientRect();
    list.style.top = `${at.bottom + 6}px`;
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
    list.style.maxHeight = `${innerHeight - at.bottom - 20}px`;
    /** @type {HTMLElement} */ (list.firstElementChild).focus();
  });
  return make("span", {}, open, list);
}

/**
 * The guide: the present step of the tour in the state, if there is one.
 * @param {import("./host.js").State} model @param {HTMLElement} lab
 */
export function tourPanel(model, lab) {
  const el = make("aside", { class: "tour", "aria-label": "Tour", hidden: true });
  let looked = "";

  /** @param {number} at */
  const goTo = (at) => {
    model.set("at", at);
    model.save_changes();
  };
  const leave = () => {
    model.set("tour", "");
    model.set("at", 0);
    model.save_changes();
  };
  const outline = () => {
    const name = CSS.escape(looked);
    const panels = looked ? lab.querySelectorAll(`[data-look="${name}"]`) : [];
    const found = looked && !panels.length ? lab.querySelectorAll(`[data-control="${name}"]`) : panels;
    const here = new Set(found);
    for (const before of lab.querySelectorAll(".looked-at")) {
      if (!here.has(before)) before.classList.remove("looked-at");
    }
    for (const one of here) {
      one.classList.add("looked-at");
      if (!el.hidden) one.scrollIntoView({ block: "nearest", behavior: "instant" });
    }
  };

  const show = () => {
    const tour = TOURS[model.get("tour")];
    el.hidden = !tour;
    lab.classList.toggle("touring", Boolean(tour));
    if (!tour) {
      looked = "";
      outline();
      return;
    }
    const at = Math.min(model.get("at"), tour.steps.length - 1);
    const step = tour.steps[at];
    // what the steps before have set holds too, for a link that begins here
    const state = Object.assign({}, ...tour.steps.slice(0, at + 1).map((each) => each.state));
    for (const [key, value] of Object.entries(state)) model.set(key, value);
    looked = step.look ?? "";
    const last = at === tour.steps.length - 1;
    const next = button({
      name: "tour-next",
      label: last ? "Done" : "Next",
      kind: "main",
      disabled: Boolean(step.question),
      onClick: () => (last ? leave() : goTo(at + 1)),
    });
    const said = make("p", { class: "tour-why", role: "status" });
    const question = step.question;
    const answers = question?.answers.map(({ text, right, why }) => {
      const answer = button({
        name: "tour-answer",
        label: text,
        onClick: () => {
          said.textContent = `${right ? "Yes." : "Not quite."} ${why}`;
          answer.classList.add(right ? "right" : "wrong");
          if (right) next.disabled = false;
        },
      });
      return answer;
    });
    const hadFocus = el.contains(document.activeElement);
    refill(
      el,
      make("p", { class: "tour-head", tabindex: -1 }, `${tour.title}: ${at + 1} of ${tour.steps.length}`),
      make("p", { class: "tour-caption" }, step.caption),
      question && make("p", { class: "tour-question" }, question.text),
      answers && make("div", { class: "row" }, answers),
      said,
      make(
        "div",
        { class: "row tour-buttons" },
        button({ name: "tour-back", label: "Back", disabled: at === 0, onClick: () => goTo(at - 1) }),
        next,
        button({ name: "tour-leave", label: "Leave the tour", kind: "quiet", onClick: leave }),
      ),
    );
    if (hadFocus) /** @type {HTMLElement} */ (el.firstElementChild).focus({ preventScroll: true });
    outline();
    window.setTimeout(outline, 300); // a room that is shown for the first time
  };
  const end = watch(model, ["tour", "at"], show);
  return { el, end };
}
