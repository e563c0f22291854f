// One capsule: how it stands, what is wrong, its tools, topics, sizes and builds.

import { builds, sizes } from "./chart.js";
import { h, moment, redraw } from "./dom.js";
import { mark } from "./overview.js";
import { problems } from "./problems.js";
import { ask } from "./stream.js";
import { publications, toolbox } from "./tools.js";
import { name, shortPath } from "./words.js";

const section = (id, title, ...content) => h("section", { "aria-labelledby": `${id}-heading`, class: id }, h("h2", { id: `${id}-heading` }, title), content);

export function capsuleView(store, token, dir) {
  const heading = h("h1");
  const about = h("p", { class: "about" });
  const standing = h("p", { class: "standing" });
  const wrong = h("div");
  const wrongSection = section("problems", "Problems", wrong);
  const wrongHeading = wrongSection.querySelector("h2");
  const topics = h("div");
  const sizeChart = h("div");
  const buildChart = h("div");
  const messages = publications();
  const box = toolbox(token, dir, { published: messages.add, sound: () => store.capsules.get(dir)?.state === "good" && !store.capsules.get(dir).building });
  const shown = h("div", {}, heading, about, standing, wrongSection, section("tools", "Tools", box.shown), section("topics", "Topics", topics, h("h3", {}, "Published here"), messages.shown),
    h("div", { class: "charts" }, section("builds", "Builds", buildChart), section("sizes", "Size", sizeChart)));
  const gone = new AbortController();
  const view = { shown, title: shortPath(dir, store.roots), update, leave };
  let manifest = "";
  let module = null;

  async function look() {
    try {
      const a = await ask(token, `/api/capsule?dir=${encodeURIComponent(dir)}`, { signal: gone.signal });
      const where = shortPath(dir, store.roots);
      const parts = [where !== view.title && h("code", {}, where), a.version, a.description].filter(Boolean);
      about.replaceChildren(...parts.flatMap((part, i) => (i === 0 ? [part] : [" · ", part])));
      topics.replaceChildren(patterns("Publishes", a.publish.map((pattern) => [pattern])), patterns("Subscribed to", a.subscribe.map((t) => [t.pattern, t.handler])));
    } catch (error) {
      if (error.name !== "AbortError") topics.replaceChildren(h("p", { class: "quiet" }, error.message));
    }
  }

  function update() {
    const c = store.capsules.get(dir);
    if (!c) {
      redraw(standing, "gone", () => "No capsule is watched there any more.");
      return;
    }
    view.title = name(c, store.roots);
    redraw(heading, view.title, () => view.title);
    redraw(standing, JSON.stringify([c.state, c.building, c.judged, c.generation, c.live?.since]), () => [mark(c),
      c.since && h("span", { class: "quiet" }, " ", moment(c.since, true)), c.generation > 0 && h("span", { class: "quiet" }, ` · reload #${c.generation}`),
      c.live?.runs && h("span", { class: "quiet" }, " · live")].filter(Boolean));
    const said = problems(c);
    redraw(wrong, JSON.stringify([c.judged, c.verdict?.seq, c.live?.since]), () => said);
    wrongSection.hidden = said.length === 0;
    wrongHeading.textContent = c.state === "good" && (c.live?.runs ?? true) && !c.tests?.failed?.length ? "Remarks" : "Problems";
    redraw(buildChart, JSON.stringify([c.builds.at(-1)?.seq, c.builds.at(-1)?.result]), () => builds(c.builds));
    redraw(sizeChart, JSON.stringify([c.sizes.length, c.sizes.at(-1)?.hash]), () => sizes(c.sizes));
    if (manifest !== c.source) {
      manifest = c.source;
      look();
    }
    const askable = c.state === "good" && !c.building; // else the module is not that of its sources, and is not run
    if (askable && module !== c.hash) {
      module = c.hash;
      box.load();
    } else if (!askable && module === null) {
      box.wait(c.state === "unknown" || c.building ? "They are asked for when it is built." : "Its sources are not sound; the tools are asked for when they are.");
    }
  }

  function leave() {
    gone.abort();
    box.leave();
  }
  return view;
}

function patterns(title, list) {
  return h("div", { class: "patterns" }, h("h3", {}, title), list.length === 0 ? h("p", { class: "quiet" }, "Nothing is declared.")
    : h("ul", {}, list.map(([pattern, handler]) => h("li", {}, h("code", {}, pattern), handler && h("span", { class: "quiet" }, " → ", h("code", {}, handler))))));
}
