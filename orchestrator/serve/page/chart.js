// Charts, drawn as SVG, each with the same figures as a table behind it.

import { age, clock, h, s } from "./dom.js";
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

/** What the colours of a chart mean, of those that are in it. */
function legend(kinds) {
  const all = [[["reload", "same"], "build", "build"], [["smoke"], "smoke", "smoke load"], [["failed"], "failed", "failed"], [["stopped"], "stopped", "stopped: its sources changed again"], [["running"], "running", "building"]];
  return h("ul", { class: "legend", "aria-hidden": "true" }, all.filter(([of]) => of.some((kind) => kinds.includes(kind)))
    .map(([, kind, word]) => h("li", {}, h("span", { class: `swatch ${kind}` }), word)));
}

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
    const title = s("title", {}, `${clock(new Date(b.started))}: ${resultWords[b.result]} after ${duration(took(b))}`);
    if (b.result === "failed" || b.result === "stopped") return s("g", {}, title, bar(`bar ${b.result}`, 0, b.took));
    return s("g", {}, title, bar("bar build", 0, b.build), b.smoke > 0 && bar("bar smoke", b.build, b.build + b.smoke));
  });
  const newest = ended.at(-1);
  const kinds = ended.map((b) => b.result);
  if (ended.some((b) => b.smoke > 0)) kinds.push("smoke");
  return [
    frame(`Times of the ${ended.length} newest builds; the last: ${resultWords[newest.result]} after ${duration(took(newest))}`, top, duration, bars),
    legend(kinds),
    table("Times of builds", ["when", "result", "build", "smoke load", "in all"], ended.toReversed().map((b) =>
      [clock(new Date(b.started)), resultWords[b.result], b.build ? duration(b.build) : "–", b.smoke ? duration(b.smoke) : "–", duration(b.took)])),
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
      points.map(([x, at], i) => s("circle", { class: "point", cx: x, cy: at, r: 3 }, s("title", {}, `${clock(new Date(list[i].time))}: ${size(list[i].size)}`)))),
    table("Sizes of modules", ["when", "reload", "size"], list.toReversed().map((p) =>
      [clock(new Date(p.time)), p.generation ? `#${p.generation}` : "–", `${size(p.size)} (${p.size.toLocaleString("en")} bytes)`])),
  ];
}

const lane = 20; // height of a capsule's line
const lanesShown = 24;
const names = 92; // room for them
const shortest = 10_000; // ms that a time line shows at least
const longest = 10 * 60_000; // and at most

/** Which builds ran when and beside each other: a line for each capsule, [name, builds], up to now. */
export function timeline(capsules, now) {
  const recent = (b) => ends(b, now) > now - longest;
  const all = capsules.map(([name, list]) => [name, list.filter(recent)]).filter(([, list]) => list.length > 0);
  if (all.length === 0) return [h("p", { class: "quiet" }, "Nothing was built in the last ten minutes.")];
  const lanes = all.slice(0, lanesShown);
  const begin = Math.max(now - longest, Math.min(now - shortest, ...lanes.flatMap(([, list]) => list.map((b) => b.started))));
  const timeWidth = isNarrow() ? narrow : wide;
  const x = (at) => names + ((Math.max(at, begin) - begin) / (now - begin)) * (timeWidth - names);
  const high = lanes.length * lane + 22;
  const marks = (isNarrow() ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).map((part) => {
    const at = begin + part * (now - begin);
    return [s("line", { class: "grid", x1: x(at), x2: x(at), y1: 0, y2: high - 18 }),
      s("text", { class: "tick", x: x(at), y: high - 4, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle" }, part === 1 ? "now" : age(at, now))];
  });
  const lines = lanes.map(([name, list], i) => [
    s("text", { class: "tick", x: names - 8, y: i * lane + lane / 2 + 4, "text-anchor": "end" }, name.length > 14 ? `${name.slice(0, 13)}…` : name),
    list.map((b) => s("rect", { class: `bar ${b.result === "reload" || b.result === "same" ? "build" : b.result}`, x: x(b.started), y: i * lane + 4, height: lane - 8, rx: 2, width: Math.max(2, x(ends(b, now)) - x(b.started)) },
      s("title", {}, `${name}, ${clock(new Date(b.started))}: ${resultWords[b.result]} after ${duration(ends(b, now) - b.started)}`))),
  ]);
  const count = lanes.reduce((n, [, list]) => n + list.length, 0);
  return [
    s("svg", { class: "chart", viewBox: `0 0 ${timeWidth} ${high}`, role: "img", "aria-label": `${count} builds of ${lanes.length} capsules in the last ${duration(now - begin)}` }, marks, lines),
    legend(lanes.flatMap(([, list]) => list.map((b) => b.result))),
    all.length > lanes.length && h("p", { class: "quiet" }, `${all.length - lanes.length} more capsules were built.`),
  ];
}

const wide = 960;
const narrow = 380; // on a telephone, so that letters are as large there as elsewhere
const isNarrow = () => matchMedia("(max-width: 36rem)").matches;
const ends = (b, now) => (b.result === "running" ? now : b.started + b.took);

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
