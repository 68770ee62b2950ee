/** The hidden units as tiles, the strongest first. */

import { button, choice, make, panel, written } from "./dom.js";
import { strongest } from "./explain.js";
import { legend, TileGrid } from "./tiles.js";

const FIRST = 24;

/** @param {import("./draw_room.js").DrawRoom} room @param {(unit: number | null) => void} hover @param {(unit: number) => void} pin */
export function unitsView(room, hover, pin) {
  let most = FIRST;
  let picture = "template";
  let range = "tile";
  let version = 0;
  /** @type {unknown} */
  let network = null;
  /** @type {number[]} */
  let shown = [];
  const said = make("p", { class: "quiet-text draw-units-count" });
  const tiles = new TileGrid({
    label: "Hidden units, the strongest first",
    class: "draw-units-tiles",
    onTile: (i) => hover(i === null ? null : shown[i]),
    onPin: (i) => pin(shown[i]),
  });
  const more = button({
    name: "more",
    label: "More units",
    onClick: () => {
      most *= 2;
      draw();
    },
  });
  const pictures = choice({
    name: "tiles",
    label: "Tiles show",
    what: "The template is a row of W1 as a picture. Template x image is what the drawing makes of it, pixel by pixel: the numbers that add up to a.",
    options: [
      ["template", "templates"],
      ["product", "template x image"],
    ],
    value: picture,
    onChange: (value) => {
      picture = value;
      draw();
    },
  });
  const ranges = choice({
    name: "range",
    label: "Colours",
    what: "Each tile: full red and full blue are the largest number of that tile. All alike: of all tiles, so that tiles can be compared.",
    options: [
      ["tile", "each tile"],
      ["all", "all alike"],
    ],
    value: range,
    onChange: (value) => {
      range = value;
      draw();
    },
  });
  const scale = legend(1);
  const el = panel(
    {
      name: "units",
      title: "Hidden units",
      what: [
        make(
          "p",
          {},
          "Each hidden unit has a template, a row of W1: red where ink counts for it, blue where ink counts against it.",
        ),
        make(
          "p",
          {},
          "h says how strongly the unit answers to your drawing. The number below a tile is h, and the line shows it as a share of the largest.",
        ),
        make("p", {}, "Point to a tile to see its numbers; choose it to keep it."),
      ],
      class: "draw-units",
    },
    make("div", { class: "draw-units-head" }, pictures, ranges),
    tiles.el,
    make("div", { class: "row" }, more, said),
    scale,
  );

  function draw() {
    const { reader, answer, model } = room;
    if (reader !== network) {
      network = reader;
      version += 1;
    }
    el.classList.toggle("waiting", !reader);
    if (!reader) return;
    const { W1, H, D } = reader.params;
    const h = answer?.cache.h;
    shown = h ? strongest(h, most) : Array.from({ length: Math.min(most, H) }, (_, k) => k);
    const top = h && shown.length ? Math.abs(h[shown[0]]) : 1;
    const asProduct = picture === "product" && answer;
    const x = answer?.cache.x;
    const held = model.get("unit");
    tiles.draw(
      shown.map((k) => {
        const from = k * D;
        const values = asProduct && x ? W1.slice(from, from + D).map((w, p) => w * x[p]) : W1;
        const strength = h ? h[k] : 0;
        return {
          values,
          from: asProduct ? 0 : from,
          range: range === "all" ? reader.largestWeight : largestOf(values, asProduct ? 0 : from, D),
          version: asProduct ? undefined : `${version} ${k}`,
          caption: h ? written(strength, 2) : `unit ${k}`,
          label: h ? `Hidden unit ${k}, h ${written(strength, 2)}` : `Hidden unit ${k}`,
          pressed: held === k,
        };
      }),
    );
    tiles.tiles.forEach(({ button: tile }, i) => {
      const lit = h ? Math.abs(h[shown[i]]) / top : 0;
      tile.style.setProperty("--lit", `${Math.round(100 * lit)}%`);
    });
    const active = h ? strongest(h, H).length : 0;
    said.textContent = h
      ? `${active} of ${H.toLocaleString("en")} units answer (h is not 0); ${shown.length} shown.`
      : `${H} units; ${shown.length} shown. Draw to see which answer.`;
    more.hidden = shown.length >= (h ? active : H);
    scale.hidden = range !== "all";
    if (range === "all") scale.show(reader.largestWeight);
  }
  return { el, draw };
}

/** @param {ArrayLike<number>} values @param {number} from @param {number} count */
function largestOf(values, from, count) {
  let most = 0;
  for (let i = from; i < from + count; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}
