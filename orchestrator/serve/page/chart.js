// Charts, drawn as SVG, each with the same figures as a table behind it.

import { h, s } from "./dom.js";
import { duration, size } from "./words.js";

const width = 560;
const height = 140;
const left = 52; // room for the labels of the axis
const foot = 8;

/** The least round number that is not below value, so that an axis ends in one. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((n) => n * power).find((n) => n >= value);
}

const y = (value, top) => height - foot - (value / top) * (height - 2 * foot);

function frame(label, top, say, ...content) {
  const lines = [0, 0.5, 1].map((part) => [
    s("line", { class: "grid", x1: left, x2: width, y1: y(top * part, top), y2: y(top * part, top) }),
    s("text", { class: "tick", x: left - 8, y: y(top * part, top) + 4, "text-anchor": "end" }, say(top * part)),
  ]);
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, lines, content);
}

function table(caption, heads, rows) {
  return h("details", { class: "figures" }, h("summary", {}, "As a table"),
    h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption },
      h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, heads.map((t) => h("th", { scope: "col" }, t)))),
        h("tbody", {}, rows.map((row) => h("tr", {}, row.map((t) => h("td", {}, t))))))));
}

const resultWords = { reload: "reload", same: "the same modules again", failed: "failed", stopped: "stopped", running: "building" };

/** The newest builds, a bar each: what the build took, and above it the smoke load. */
export function builds(list) {
  const ended = list.filter((b) => b.result !== "running");
  if (ended.length === 0) return h("p", { class: "quiet" }, "Nothing was built in this run.");
  const took = (b) => (b.result === "reload" || b.result === "same" ? b.build + b.smoke : b.took);
  const top = ceiling(Math.max(...ended.map(took)));
  const slot = Math.min(28, (width - left) / ended.length);
  const bars = ended.map((b, i) => {
    const x = left + i * slot + 2;
    const bar = (kind, from, to) => s("rect", { class: kind, x, width: Math.max(2, slot - 4), y: y(to, top), height: Math.max(1, y(from, top) - y(to, top)), rx: 1.5 });
    const title = s("title", {}, `${new Date(b.started).toLocaleTimeString()}: ${resultWords[b.result]} after ${duration(took(b))}`);
    if (b.result === "failed" || b.result === "stopped") return s("g", {}, title, bar(`bar ${b.result}`, 0, b.took));
    return s("g", {}, title, bar("bar build", 0, b.build), b.smoke > 0 && bar("bar smoke", b.build, b.build + b.smoke));
  });
  const newest = ended.at(-1);
  const kinds = [["build", "build"], ["smoke", "smoke load"], ["failed", "failed"], ["stopped", "stopped"]].filter(([kind]) =>
    kind === "build" || ended.some((b) => b.result === kind || (kind === "smoke" && b.smoke > 0)));
  return [
    frame(`Times of the ${ended.length} newest builds; the last: ${resultWords[newest.result]} after ${duration(took(newest))}`, top, duration, bars),
    h("ul", { class: "legend", "aria-hidden": "true" }, kinds.map(([kind, word]) => h("li", {}, h("span", { class: `swatch ${kind}` }), word))),
    table("Times of builds", ["when", "result", "build", "smoke load", "in all"], ended.toReversed().map((b) =>
      [new Date(b.started).toLocaleTimeString(), resultWords[b.result], b.build ? duration(b.build) : "–", b.smoke ? duration(b.smoke) : "–", duration(b.took)])),
  ];
}

/** How large the published module was, reload after reload. */
export function sizes(list) {
  if (list.length === 0) return h("p", { class: "quiet" }, "Nothing is published yet.");
  const newest = list.at(-1);
  if (list.length === 1) return h("p", {}, h("strong", {}, size(newest.size)), h("span", { class: "quiet" }, ", the same since this watch began."));
  const top = ceiling(Math.max(...list.map((p) => p.size)));
  const step = (width - left - 12) / (list.length - 1);
  const points = list.map((p, i) => [left + 6 + i * step, y(p.size, top)]);
  const change = newest.size - list[0].size;
  const says = `${change === 0 ? "as much as" : `${size(Math.abs(change))} ${change > 0 ? "more" : "less"} than`} at first`;
  return [
    h("p", {}, h("strong", {}, size(newest.size)), h("span", { class: "quiet" }, `, ${says}.`)),
    frame(`Sizes of the ${list.length} newest modules; the last has ${size(newest.size)}, ${says}`, top, size,
      s("polyline", { class: "line", points: points.map((p) => p.map((n) => n.toFixed(1)).join(",")).join(" ") }),
      points.map(([x, at], i) => s("circle", { class: "point", cx: x, cy: at, r: 3 }, s("title", {}, `${new Date(list[i].time).toLocaleTimeString()}: ${size(list[i].size)}`)))),
    table("Sizes of modules", ["when", "reload", "size"], list.toReversed().map((p) =>
      [new Date(p.time).toLocaleTimeString(), p.generation ? `#${p.generation}` : "–", `${size(p.size)} (${p.size.toLocaleString("en")} bytes)`])),
  ];
}

/** A small bar for a cell of a table: value of top. */
export const meter = (value, top, kind) =>
  s("svg", { class: "meter", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: `bar ${kind}`, width: Math.max(1, (100 * value) / Math.max(top, 1)), height: 8, rx: 1.5 }));

/** A small line for a cell of a table. */
export function spark(list) {
  if (list.length < 2) return null;
  const most = Math.max(...list), least = Math.min(...list);
  const at = (value, i) => `${((100 * i) / (list.length - 1)).toFixed(1)},${(18 - (16 * (value - least)) / Math.max(most - least, 1)).toFixed(1)}`;
  return s("svg", { class: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" }, s("polyline", { class: "line", points: list.map(at).join(" ") }));
}
