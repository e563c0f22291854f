// The first view: what is wrong, and all capsules side by side.

import { h, moment, redraw } from "./dom.js";
import { meter, spark, timeline } from "./chart.js";
import { counts, problems } from "./problems.js";
import { byName, byState, tally } from "./store.js";
import { count, duration, link, name, size, stateMarks, stateWords } from "./words.js";

export function overview(store) {
  const wrong = h("div", { class: "wrong" });
  const times = h("div");
  const heads = ["Capsule", "Standing", "Reloads", "Size", "Last build", ""];
  const body = h("tbody");
  const rows = new Map(); // by folder
  const table = h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "All capsules" },
    h("table", { class: "all" }, h("caption", { class: "unseen" }, "All capsules"),
      h("thead", {}, h("tr", {}, heads.map((text) => (text ? h("th", { scope: "col" }, text) : h("td"))))), body));
  const shown = h("div", {}, h("h1", {}, "Overview"), h("section", { "aria-labelledby": "wrong-heading" }, h("h2", { id: "wrong-heading" }, "Problems"), wrong),
    h("section", { "aria-labelledby": "all-heading" }, h("h2", { id: "all-heading" }, "Capsules"), table),
    h("section", { "aria-labelledby": "when-heading", class: "when" }, h("h2", { id: "when-heading" }, "Builds"), times));
  const update = () => {
    const list = byState(store);
    const failing = list.filter((c) => c.state === "failed" || c.state === "held" || (c.live && !c.live.runs) || c.tests?.failed?.length > 0);
    redraw(wrong, JSON.stringify([failing.map((c) => [c.dir, c.judged, c.live?.since]), failing.length === 0 && list.length, store.ready]), () =>
      failing.length > 0 ? failing.map((c) => card(c, store.roots)) : [h("p", { class: "quiet" }, calm(store))]);
    const slowest = Math.max(...list.map((c) => lastBuild(c)?.time ?? 0), 1);
    const drawn = list.map((c) => {
      const tr = rows.get(c.dir) ?? h("tr");
      rows.set(c.dir, tr);
      redraw(tr, JSON.stringify([c.name, c.state, c.judged, c.building, c.generation, c.size, c.builds.length, slowest]), () => cells(c, store.roots, slowest));
      return tr;
    });
    redraw(body, JSON.stringify(list.map((c) => c.dir)), () => drawn);
    redraw(times, `${store.version} ${Math.floor(Date.now() / 1000)}`, () => timeline(byName(store).map((c) => [name(c, store.roots), c.builds]), store.now()));
  };
  return { shown, update, title: "Overview" };
}

function calm(store) {
  const n = tally(store);
  if (!store.ready) return "Everything is looked at for the first time.";
  if (n.all === 0) return "No capsule is there yet. astrid-dev new NAME writes one.";
  return n.unknown > 0 ? `Nothing is wrong so far; ${count(n.unknown, "capsule")} ${n.unknown === 1 ? "waits" : "wait"} for a build.` : "Nothing is wrong.";
}

const findingsShown = 4; // of one capsule: its own view has them all

function card(capsule, roots) {
  return h("article", { class: `card ${capsule.state}` },
    h("h3", {}, h("a", { href: link(capsule.dir) }, name(capsule, roots)), " ", mark(capsule), capsule.since && h("span", { class: "quiet" }, " ", moment(capsule.since, true))),
    problems(capsule, findingsShown));
}

/** A capsule's state as a mark and a word: never a colour alone. */
export function mark(capsule) {
  const found = counts(capsule);
  return h("span", { class: `state ${capsule.state}` }, h("span", { class: "mark", "aria-hidden": "true" }, stateMarks[capsule.state]), stateWords[capsule.state],
    found && h("span", { class: "quiet" }, ` ${found}`), capsule.building && h("span", { class: "building" }, " building"));
}

/** What the newest build that ended took. */
function lastBuild(capsule) {
  const b = capsule.builds.findLast((one) => one.result !== "running");
  return b && { time: b.build ? b.build + b.smoke : b.took, failed: b.result === "failed" };
}

function cells(capsule, roots, slowest) {
  const last = lastBuild(capsule);
  return [
    h("th", { scope: "row" }, h("a", { href: link(capsule.dir) }, name(capsule, roots))),
    h("td", {}, mark(capsule)),
    h("td", {}, capsule.generation ? String(capsule.generation) : "–"),
    h("td", { class: "figure" }, capsule.size ? size(capsule.size) : "–", spark(capsule.sizes.map((p) => p.size))),
    h("td", { class: "figure" }, last ? duration(last.time) : "–"),
    h("td", { class: "meter-cell" }, last && meter(last.time, slowest, last.failed ? "failed" : "build")),
  ];
}
