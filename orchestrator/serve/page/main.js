// The page: it follows the stream, and draws what the events changed.

import { capsuleView } from "./capsule.js";
import { h, redraw, tick } from "./dom.js";
import { keys } from "./keys.js";
import { logView } from "./log.js";
import { overview } from "./overview.js";
import { Store, byName, tally } from "./store.js";
import { follow } from "./stream.js";
import { count, link, name, stateMarks, stateWords } from "./words.js";

const find = (id) => document.getElementById(id);
const store = new Store();
let view = null;
let routed = null; // the address whose view it is
let drawing = false;
let drawn = 0; // when

/** The token, of the URL that watch printed. It is kept for this tab, and taken out of the address. */
function tokenOfURL() {
  const given = /^#token=([A-Z0-9]+)$/.exec(location.hash)?.[1];
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", "/#/");
  }
  return sessionStorage.getItem("token") ?? "";
}

const token = tokenOfURL();

/** Shows what the address says, unless that is shown already. */
function route() {
  if (location.hash === routed) return;
  routed = location.hash;
  view?.leave?.();
  const path = location.hash.slice(1) || "/";
  const dir = /^\/capsule\/(.+)$/.exec(path)?.[1];
  if (dir) view = capsuleView(store, token, decodeURIComponent(dir));
  else if (path === "/log") view = logView(store);
  else view = overview(store);
  find("main").replaceChildren(view.shown);
  window.scrollTo(0, 0);
  draw();
}

const shortest = 80; // ms between two drawings: quick enough to look immediate, and a storm of events costs little
const share = 4; // times as long as a drawing takes is its pause: most of the time is somebody else's, a thousand capsules or twelve
let pause = shortest;

function later() {
  if (drawing) return;
  drawing = true;
  setTimeout(() => requestAnimationFrame(() => {
    drawing = false;
    const begun = performance.now();
    draw();
    drawn = performance.now();
    pause = Math.max(shortest, share * (drawn - begun));
  }), Math.max(0, drawn + pause - performance.now()));
}

function draw() {
  const n = tally(store);
  const words = summary(n);
  redraw(find("summary"), words, () => words);
  const bad = n.failed + n.held;
  document.title = `${store.ready ? (bad > 0 ? `✕ ${bad} · ` : "✓ ") : ""}${view.title} · astrid-dev`;
  const icon = document.querySelector("link[rel=icon]");
  const wanted = bad > 0 ? "/icon-failed.svg" : "/icon.svg";
  if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  drawList();
  for (const a of document.querySelectorAll("nav a")) {
    if (a.getAttribute("href") === (location.hash || "#/")) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  view.update();
}

function summary(n) {
  if (!store.run) return "connecting";
  if (!store.ready) return "looking at everything";
  const parts = [n.good > 0 && `${n.good} sound`, n.failed > 0 && `${n.failed} failed`, n.held > 0 && `${n.held} held`, n.unknown > 0 && `${n.unknown} not built yet`, n.building > 0 && `${n.building} building`];
  return `${count(n.all, "capsule")}${n.all > 0 ? `: ${parts.filter(Boolean).join(", ")}` : ""}`;
}

// The list is by name, so that nothing moves under somebody's finger when a build ends.
function drawList() {
  const search = find("filter").value.trim().toLowerCase();
  const list = byName(store).filter((c) => `${c.name} ${c.dir}`.toLowerCase().includes(search));
  const shown = find("capsules");
  find("filter").hidden = store.capsules.size < 8;
  redraw(shown, JSON.stringify(list.map((c) => c.dir)), () => list.map((c) => h("li", {}, h("a", { href: link(c.dir) }))));
  list.forEach((c, i) => {
    const word = c.building ? "building" : stateWords[c.state];
    redraw(shown.children[i].firstChild, `${c.name} ${c.state} ${c.building}`, () => [
      h("span", { class: `mark ${c.state}${c.building ? " building" : ""}`, "aria-hidden": "true" }, c.building ? "" : stateMarks[c.state]), h("span", { class: "name" }, name(c, store.roots)), h("span", { class: "unseen" }, `, ${word}`)]);
  });
}

// Who cannot see the page is told what becomes red and green, and nothing else.
const states = new Map();
function tellChanges() {
  const said = [];
  for (const c of store.capsules.values()) {
    const before = states.get(c.dir);
    states.set(c.dir, c.state);
    if (before && before !== c.state && (c.state === "failed" || c.state === "held" || before === "failed" || before === "held")) said.push(`${name(c, store.roots)}: ${stateWords[c.state]}`);
  }
  if (said.length > 0) find("said").textContent = said.slice(0, 3).join("; ") + (said.length > 3 ? ` and ${said.length - 3} more` : "");
}

const links = { live: "live", lost: "connection lost, trying again", ended: "the watch has ended", refused: "no entry" };

function linkIs(how) {
  const shown = find("link");
  if (shown.dataset.link === "ended" && how === "lost") return; // nobody is there, as was said
  shown.dataset.link = how;
  shown.querySelector(".text").textContent = links[how];
  if (how === "refused") {
    view = { title: "No entry", update: () => {}, shown: h("div", { class: "notice" }, h("h1", {}, "No entry"),
      h("p", {}, "This page needs the token of the watch that runs now. Open the URL that ", h("code", {}, "astrid-dev watch"), " printed; ", h("code", {}, "astrid-dev status"), " says it again.")) };
    find("main").replaceChildren(view.shown);
    document.querySelector("nav").hidden = true;
    redraw(find("summary"), "", () => "");
  }
}

window.addEventListener("hashchange", () => (location.hash.startsWith("#token=") ? location.reload() : route()));
find("filter").addEventListener("input", later);
find("filter").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  draw(); // what was written a moment ago counts
  find("capsules").querySelector("a")?.click();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says which view it is
  find("main").focus();
});
keys({
  current: () => {
    route(); // the browser tells of a new address a moment later
    return view;
  },
});
setInterval(() => {
  tick();
  if (!document.hidden) later(); // time goes on in the charts too
}, 1000);
route();
follow(token, {
  state: (state) => {
    store.begin(state);
    tellChanges();
    later();
  },
  event: (e) => {
    store.take(e);
    tellChanges();
    later();
  },
  link: linkIs,
});
