/** One hidden unit: template, image and product, its formulas with the numbers in them, and its votes. */

import { button, make, panel, refill, written } from "./dom.js";
import { unit } from "./explain.js";
import { brokenMath, factor, fenced, name, number, product, row, sum, words } from "./formula.js";
import { HeatMap, largest } from "./tiles.js";

const SIDE = 28;

/** @param {import("./draw_room.js").DrawRoom} room @param {() => void} release */
export function unitView(room, release) {
  const title = make("strong", { class: "draw-unit-name" });
  const letGo = button({ name: "release", label: "Let go", kind: "quiet", onClick: release });
  const cell = make("p", { class: "quiet-text draw-unit-cell" });
  const formulas = make("div", { class: "draw-unit-formulas" });
  const votes = make("ol", { class: "draw-votes", "aria-label": "Votes of this unit" });
  /** @type {{ template: ArrayLike<number>, product: ArrayLike<number>, x: ArrayLike<number> } | null} */
  let now = null;
  const at = (/** @type {number} */ p) => `row ${Math.floor(p / SIDE) + 1}, column ${(p % SIDE) + 1}`;
  const say = (/** @type {number} */ p) =>
    now
      ? `${at(p)}: W1 ${written(now.template[p])} times x ${written(now.x[p])} is ${written(now.product[p])}`
      : "";
  const onCell = (/** @type {number | null} */ p) => {
    for (const map of maps) map.mark(p === null ? [] : [p]);
    cell.textContent = p === null ? "Point to a pixel to see its numbers." : `${say(p)}.`;
  };
  const about = { rows: SIDE, columns: SIDE, describe: say, onCell };
  const maps = [
    new HeatMap({ ...about, name: "Template W1 of the unit" }),
    new HeatMap({ ...about, name: "Image x", scale: "ink" }),
    new HeatMap({ ...about, name: "Template times image" }),
  ];
  const signs = ["", "×", "="];
  const pictures = make(
    "div",
    { class: "draw-unit-pictures" },
    maps.map((map, i) =>
      make(
        "figure",
        {},
        map.el,
        make(
          "figcaption",
          {},
          make("span", { "aria-hidden": "true" }, `${signs[i]} `),
          ["template", "image", "product"][i],
        ),
      ),
    ),
  );
  const el = panel(
    {
      name: "unit",
      title: "One hidden unit",
      what: [
        make(
          "p",
          {},
          "The template is multiplied with the image, pixel by pixel. The products and the bias b1 add up to a.",
        ),
        make(
          "p",
          {},
          "The non-linearity makes h of a. h times each weight in W2 is what the unit adds to each digit's score.",
        ),
      ],
      class: "draw-unit",
    },
    make("div", { class: "row draw-unit-head" }, title, letGo),
    pictures,
    cell,
    formulas,
    votes,
  );

  function draw() {
    const { reader, answer, classes, digit, unit: k, model } = room;
    el.hidden = !reader;
    if (!reader) return;
    const held = model.get("unit");
    const kept = held === k;
    letGo.hidden = held === null;
    const strongest = answer && held === null && room.hovered === null;
    title.textContent = `Unit ${k}${kept ? ", kept" : strongest ? ", the strongest" : ""}`;
    const { W1, D } = reader.params;
    if (!answer) {
      maps[0].draw(W1.subarray(k * D, (k + 1) * D));
      for (const map of maps.slice(1)) map.draw(new Float32Array(D), 1);
      now = null;
      refill(formulas, make("p", { class: "quiet-text" }, "Draw a digit to see what the unit makes of it."));
      refill(votes);
      return;
    }
    const whole = unit(reader.params, answer.cache, k);
    now = { template: whole.template, product: whole.product, x: answer.cache.x };
    maps[0].draw(whole.template);
    maps[1].draw(answer.cache.x, 1);
    maps[2].draw(whole.product, largest(whole.template));
    const activation = reader.network.activation;
    const bias = reader.params.b1 ? [name("b1", k)] : [];
    const weighted = whole.a - whole.bias;
    const plus = /** @type {import("./formula.js").Formula[]} */ (
      bias.length ? ["+", factor(whole.bias)] : []
    );
    refill(
      formulas,
      brokenMath(
        row(
          ...[name("a", k), "=", sum("p", product(name("W1", k, "p"), name("x", "p")))],
          ...(bias.length ? ["+", ...bias] : []),
          ...["=", number(weighted), ...plus],
          ...(plus.length ? ["=", number(whole.a)] : []),
        ),
      ),
      brokenMath(
        activation === "none"
          ? row(name("h", k), "=", name("a", k), "=", number(whole.h))
          : row(
              ...[name("h", k), "=", words(spelt(activation)), fenced(name("a", k))],
              ...["=", words(spelt(activation)), fenced(number(whole.a)), "=", number(whole.h)],
            ),
      ),
      brokenMath(
        row(
          ...[words(`vote for ${classes[digit]}:`), product(name("W2", digit, k), name("h", k)), "="],
          ...[product(number(whole.votes[digit]), factor(whole.h)), "=", number(whole.shares[digit])],
        ),
      ),
    );
    const most = Math.max(largest(whole.shares), 1e-9);
    refill(
      votes,
      classes.map((each, c) => {
        const share = whole.shares[c];
        const bar = make("span", { class: `draw-vote-bar ${share < 0 ? "minus" : "plus"}` });
        bar.style.height = `${(50 * Math.abs(share)) / most}%`;
        const text = `${share > 0 ? "+" : ""}${written(share, 2)}`;
        return make(
          "li",
          {
            class: c === digit ? "chosen" : "",
            title: `W2 ${written(whole.votes[c])} times h ${written(whole.h)}`,
          },
          make("span", { class: "draw-vote-name" }, each),
          make("span", { class: "draw-vote-track", "aria-hidden": "true" }, bar),
          make("span", { class: share < 0 ? "negative" : share > 0 ? "positive" : "" }, text),
        );
      }),
    );
  }
  onCell(null);
  return { el, draw };
}

/** @param {string} activation */
function spelt(activation) {
  return activation.replace("_", " ");
}
