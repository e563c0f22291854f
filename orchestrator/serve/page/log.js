// The log: the events, the newest at the end, where it stays unless somebody scrolls up.

import { h, moment } from "./dom.js";
import { describe, kindWords, shortPath } from "./words.js";

const rowsShown = 400;

export function logView(store) {
  const rows = h("ol", { class: "log", tabindex: "0", "aria-label": "Events" });
  const text = h("input", { type: "search", "aria-label": "Filter the log", placeholder: "Filter", autocomplete: "off", spellcheck: "false", oninput: () => draw(true) });
  const onlyWrong = h("input", { type: "checkbox", onchange: () => draw(true) });
  const figures = h("p", { class: "quiet", id: "figures" });
  const shown = h("div", { class: "log-view" }, h("h1", {}, "Log"), h("div", { class: "log-tools" }, text, h("label", {}, onlyWrong, "only what is wrong"), figures), rows);
  let newest = 0; // seq of the newest event that was drawn
  let run = store.run;

  const wanted = (e) => {
    const [level, says] = describe(e);
    if (onlyWrong.checked && level !== "bad" && level !== "odd") return false;
    const search = text.value.trim().toLowerCase();
    return search === "" || `${e.capsule ?? ""} ${e.dir ?? ""} ${e.type} ${says}`.toLowerCase().includes(search);
  };

  function draw(afresh) {
    if (afresh || run !== store.run) {
      run = store.run;
      newest = 0;
      rows.replaceChildren();
    }
    const atEnd = rows.scrollHeight - rows.scrollTop - rows.clientHeight < 40;
    const fresh = [];
    for (let i = store.log.length - 1; i >= 0 && store.log[i].seq > newest && fresh.length < rowsShown; i--) {
      if (wanted(store.log[i])) fresh.push(row(store.log[i], store.roots));
    }
    newest = store.log.at(-1)?.seq ?? 0;
    if (fresh.length > 0) {
      rows.append(...fresh.reverse());
      while (rows.childElementCount > rowsShown) rows.firstElementChild.remove();
      if (atEnd) rows.scrollTop = rows.scrollHeight;
    }
    const says = `${store.seq.toLocaleString("en")} events${store.missed > 0 ? `, ${store.missed.toLocaleString("en")} of them not told: they came while this page was away` : ""}`;
    if (figures.textContent !== says) figures.textContent = says;
  }
  return { shown, title: "Log", update: () => draw(false), filter: text };
}

function row(e, roots) {
  const [level, says] = describe(e);
  const about = e.capsule || (e.dir ? shortPath(e.dir, roots) : "");
  return h("li", { class: level, "data-seq": e.seq }, moment(e.time), h("span", { class: "kind" }, kindWords[e.type] ?? e.type), h("span", { class: "about" }, about), h("span", { class: "says" }, says));
}
