/** The outputs: what the network reads, ten bars, and how sure it is. */

import { CLEAR } from "./calibration.js";
import { make, panel, refill } from "./dom.js";

/** @typedef {import("./draw_room.js").DrawRoom} DrawRoom */

/** @param {DrawRoom} room @param {(digit: number) => void} choose */
export function outputsView(room, choose) {
  const answer = make("div", { class: "draw-answer" });
  const bars = make("div", { class: "draw-bars", role: "group", "aria-label": "Outputs" });
  const marks = make("p", { class: "draw-marks quiet-text", hidden: true });
  const sure = make("p", { class: "draw-sure", "data-look": "confidence" });
  /** @type {{ row: HTMLButtonElement, name: HTMLElement, bar: HTMLElement, beside: HTMLElement, value: HTMLElement }[]} */
  const rows = [];
  const el = panel(
    {
      name: "outputs",
      title: "Outputs",
      what: [
        make(
          "p",
          {},
          "The network has one output y for each digit, between 0 and 1. The largest is its answer.",
        ),
        make("p", {}, "Choose a digit to see the ledger of its score."),
        make(
          "p",
          {},
          "The confidence is the estimated probability that the answer is right. It was measured on images that ",
          "the network had not learnt from. Below a threshold the answer is called doubtful: a person should look.",
        ),
      ],
      class: "draw-outputs",
    },
    answer,
    bars,
    marks,
    sure,
  );

  function grow() {
    const c = rows.length;
    const parts = {
      name: make("span", { class: "draw-bar-name" }),
      bar: make("span", { class: "draw-bar-fill" }),
      beside: make("span", { class: "draw-bar-beside", hidden: true }),
      value: make("span", { class: "draw-bar-value" }),
    };
    const track = make("span", { class: "draw-bar-track", "aria-hidden": "true" }, parts.bar, parts.beside);
    const row = make(
      "button",
      { type: "button", class: "draw-bar", on: { click: () => choose(c) } },
      parts.name,
      " ",
      track,
      parts.value,
    );
    rows.push({ row, ...parts });
    bars.append(row);
  }

  function draw() {
    const { answer: read, classes, collapsed, digit } = room;
    while (rows.length > classes.length) rows.pop()?.row.remove();
    while (rows.length < classes.length) grow();
    rows.forEach(({ row, name, bar, beside, value }, c) => {
      const y = read ? read.y[c] : 0;
      const shown = read ? y.toFixed(3) : "–";
      name.textContent = classes[c];
      bar.style.width = `${100 * y}%`;
      value.textContent = shown;
      beside.hidden = !collapsed;
      if (collapsed) beside.style.left = `${100 * collapsed.y[c]}%`;
      row.classList.toggle("first", read?.answer === c);
      row.setAttribute("aria-pressed", String(Boolean(read) && digit === c));
      row.setAttribute("aria-label", `${classes[c]} ${shown}: output of ${classes[c]}, shows its ledger`);
    });
    refill(
      answer,
      make("span", { class: "draw-answer-digit", "aria-hidden": "true" }, read ? classes[read.answer] : "–"),
      make("span", { class: "draw-answer-text" }, read ? verdict(room) : "Draw a digit."),
    );
    marks.hidden = !collapsed;
    marks.textContent = `The marks show the outputs without ${room.bend || "hidden layer"}.`;
    refill(sure, ...sureness(room));
  }
  return { el, draw };
}

/** @param {DrawRoom} room @returns {import("./dom.js").Child[]} */
function verdict({ answer, classes, model }) {
  if (!answer) return [];
  const label = model.get("label");
  const read = classes[answer.answer];
  if (label === null) return [`The network reads ${read}.`];
  const right = label === answer.answer;
  return [
    `The network reads ${read}. `,
    make(
      "span",
      { class: right ? "draw-right" : "draw-wrong" },
      right ? "That is right." : `It was a ${classes[label]}.`,
    ),
  ];
}

/** @param {DrawRoom} room @returns {import("./dom.js").Child[]} */
function sureness({ answer, reader }) {
  if (!answer || !reader) return ["Confidence –"];
  const { judged } = answer;
  const { confidence, doubtful } = judged;
  const mark = make(
    "span",
    { class: `draw-mark ${doubtful ? "draw-doubtful" : "draw-certain"}` },
    doubtful ? "doubtful" : "not doubtful",
  );
  const limit = (/** @type {string} */ text) => make("span", { class: "quiet-text draw-limit" }, text);
  if (confidence === null) {
    const rule = `Not calibrated: doubtful where the next output is nearer than ${CLEAR}`;
    return ["The answer is ", mark, limit(rule)];
  }
  const threshold = percent(reader.network.calibration?.threshold ?? 0);
  return ["Confidence ", make("strong", {}, percent(confidence)), mark, limit(`doubtful below ${threshold}`)];
}

/** @param {number} share */
export function percent(share) {
  if (share > 0.9995) return "over 99.9 %";
  return share < 0.0005 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;
}
