/** The lab: its three rooms, the head of the page, tours and links. */

import { add, button, make, refill, spoken } from "./dom.js";
import draw from "./draw.js";
import { watch } from "./host.js";
import { shareDialog } from "./share.js";
import step from "./step.js";
import { followTheme } from "./theme.js";
import { tourMenu, tourPanel } from "./tour.js";
import train from "./train.js";

const ROOMS = [
  { key: "draw", title: "Draw", what: "Write a digit, and see which features light up.", room: draw },
  { key: "train", title: "Train", what: "Watch the network learn from MNIST.", room: train },
  { key: "step", title: "Step", what: "Walk forward and backward, number by number.", room: step },
];
const THEMES = { auto: "light", light: "dark", dark: "auto" };
const THEME_NAMES = { auto: "as the system", light: "light", dark: "dark" };

/** @param {{ model: import("./host.js").State, el: HTMLElement }} given */
function render({ model, el }) {
  const places = new Map();
  const later = new MutationObserver(hide); // of controls that a room makes later
  /** @type {(() => void)[]} */
  const ends = [];
  const news = spoken();
  const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "Rooms of the lab" });
  for (const { key, title, what, room } of ROOMS) {
    const place = make("div", {
      class: "room",
      role: "tabpanel",
      id: `room-${key}`,
      "aria-labelledby": `tab-${key}`,
      hidden: true,
    });
    const tab = make(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${key}`,
        class: "tab",
        title: what,
        "aria-controls": place.id,
        on: { click: () => go(key), keydown: turn },
      },
      title,
    );
    tabs.append(tab);
    places.set(key, { tab, place, room, shown: false });
  }

  /** @param {string} key */
  function go(key) {
    model.set("room", key);
    model.save_changes();
  }

  /** @param {KeyboardEvent} event */
  function turn(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    const at = ROOMS.findIndex(({ key }) => key === model.get("room"));
    const next = ROOMS[(at + by + ROOMS.length) % ROOMS.length].key;
    go(next);
    places.get(next).tab.focus();
    event.preventDefault();
  }

  const theme = button({
    name: "theme",
    label: "",
    kind: "quiet",
    onClick: () => {
      model.set("theme", THEMES[/** @type {keyof typeof THEMES} */ (model.get("theme"))]);
      model.save_changes();
    },
  });
  const share = shareDialog(model);
  const tour = tourPanel(model, el);
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const say = make("p", { class: "teacher", hidden: true });
  const head = make(
    "header",
    { class: "lab-head" },
    make("h1", { class: "lab-title" }, make("span", { class: "lab-name" }, "handgrad"), " lab"),
    tabs,
    make("div", { class: "lab-tools" }, tourMenu(model), share.button, theme),
  );
  el.classList.add("handgrad");
  refill(el, head, problem, say, tour.el);
  add(el, make("main", {}, ...[...places.values()].map(({ place }) => place)));
  add(el, share.el, news.el);

  ends.push(
    followTheme(model, el),
    watch(model, ["room"], () => {
      const now = model.get("room");
      for (const [key, known] of places) {
        const here = key === now;
        known.tab.setAttribute("aria-selected", String(here));
        known.tab.tabIndex = here ? 0 : -1;
        known.place.hidden = !here;
        if (!here || known.shown) continue;
        known.shown = true;
        const end = known.room.render({ model, el: known.place });
        if (end) ends.push(end);
        hide();
      }
      el.dataset.room = now;
    }),
    watch(model, ["theme"], () => {
      const now = /** @type {keyof typeof THEMES} */ (model.get("theme"));
      theme.textContent = `Theme: ${now}`;
      theme.title = `Colours: ${THEME_NAMES[now]}`;
    }),
    watch(model, ["failed"], () => {
      problem.hidden = !model.get("failed");
      problem.textContent = model.get("failed") ?? "";
    }),
    watch(model, ["say"], () => {
      say.hidden = !model.get("say");
      say.textContent = model.get("say");
    }),
    watch(model, ["hide"], hide),
    tour.end,
  );

  /** A teacher's link hides controls by their names, and panels as panel.NAME, wherever and whenever they are. */
  function hide() {
    const hidden = new Set(String(model.get("hide")).split(",").filter(Boolean));
    if (hidden.size) later.observe(el, { childList: true, subtree: true });
    else later.disconnect();
    for (const part of el.querySelectorAll("[data-control], [data-look]")) {
      const { control, look } = /** @type {HTMLElement} */ (part).dataset;
      part.classList.toggle("hidden-by-link", hidden.has(look ? `panel.${look}` : (control ?? "")));
    }
  }

  return () => {
    later.disconnect();
    for (const end of ends) end();
  };
}

export default { render };
