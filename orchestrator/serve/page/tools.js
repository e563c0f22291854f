// The tools of a capsule: a form for each, and what came of a call.

import { h, moment, redraw } from "./dom.js";
import { inputs } from "./form.js";
import { ask } from "./stream.js";
import { duration, size } from "./words.js";

/**
 * The tools of the capsule in dir as a part of the page, whose load() asks for them. of has published(), which is told what calls publish,
 * and sound(), whether the capsule's module is that of its sources.
 */
export function toolbox(token, dir, of) {
  const shown = h("div", { class: "toolbox" });
  let asked = null;
  let known = "";
  const load = async () => {
    asked?.abort();
    asked = new AbortController();
    if (known === "") shown.replaceChildren(h("p", { class: "quiet" }, "The capsule is asked for its tools."));
    try {
      const { tools } = await ask(token, `/api/tools?dir=${encodeURIComponent(dir)}`, { signal: asked.signal });
      const text = JSON.stringify(tools);
      if (text === known) return; // what somebody writes into the forms stays
      known = text;
      shown.replaceChildren(...(tools.length > 0 ? tools.map((t) => tool(token, dir, t, of, tools.length <= 3)) : [h("p", { class: "quiet" }, "The capsule describes no tools.")]));
    } catch (error) {
      if (error.name === "AbortError" || known !== "") return; // a module that is being built has the forms of the one before
      shown.replaceChildren(failure(error), h("button", { type: "button", onclick: load }, "Ask again"));
    }
  };
  const wait = (why) => redraw(shown, why, () => h("p", { class: "quiet" }, why));
  return { shown, load, wait, leave: () => asked?.abort() };
}

function failure(error) {
  return h("div", { class: "failure", role: "alert" }, h("p", { class: "message" }, error.message), error.hint && h("p", { class: "hint" }, error.hint));
}

function tool(token, dir, t, of, open) {
  const form = inputs(t.input_schema);
  const answer = h("div", { class: "answer" });
  const trace = h("input", { type: "checkbox" });
  const button = h("button", { type: "submit", class: "main" }, "Call");
  let calling = null;
  const submit = async (event) => {
    event.preventDefault();
    if (calling) {
      calling.abort();
      return;
    }
    calling = new AbortController();
    button.textContent = "Cancel";
    const { signal } = calling;
    try {
      const body = `{"dir":${JSON.stringify(dir)},"tool":${JSON.stringify(t.name)},"arguments":${form.read()},"trace":${trace.checked}}`;
      const result = await ask(token, "/api/call", { body, signal });
      answer.replaceChildren(outcome(result));
      of.published(result.published ?? []);
    } catch (error) {
      error.at?.focus();
      if (!of.sound()) error.hint = "the watch builds it; call again when it is sound";
      answer.replaceChildren(error.name === "AbortError" ? h("p", { class: "quiet" }, "The call was cancelled.") : failure(error));
    } finally {
      calling = null;
      button.textContent = "Call";
    }
  };
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
  };
  return h("details", { class: "tool", open },
    h("summary", {}, h("h3", {}, t.name), h("span", { class: "quiet" }, t.description)),
    h("form", { "aria-label": `Call ${t.name}`, onsubmit: submit, onkeydown: keys, autocomplete: "off" }, form.shown,
      h("div", { class: "actions" }, button, h("label", { class: "trace" }, trace, "tell each call of the host"))),
    answer);
}

function outcome(a) {
  const [word, kind] = a.fault ? ["it gave no result", "bad"] : a.failed ? ["the tool says that it failed", "bad"] : ["result", "good"];
  const figures = [a.ms !== undefined && duration(a.ms || 0.5), a.memory_bytes && size(a.memory_bytes)].filter(Boolean).join(", ");
  return h("section", { class: "outcome", "aria-label": `What came of calling ${a.tool}` },
    h("p", { class: `headline ${kind}`, role: "status" }, word, h("span", { class: "quiet" }, figures)),
    a.fault && h("p", { class: "message" }, a.fault),
    a.content !== undefined && h("pre", { class: "content", tabindex: "0" }, pretty(a)),
    a.trap?.stack?.length > 0 && list("Stack", a.trap.stack.map((frame) => h("code", {}, frame))),
    list("Published", a.published?.filter((p) => p.topic !== `tool.v1.execute.${a.tool}.result`).map((p) => [h("code", {}, p.topic), " ", h("span", { class: "payload" }, short(p.payload))])),
    list("Log", a.logs?.map((l) => [h("span", { class: `level ${l.level}` }, l.level), " ", l.message])),
    list("Refused", a.lacked?.map((l) => `${l.function} ${l.what}: it needs ${l.needs}`)),
    list("Files", a.files?.map((f) => [h("code", {}, f.path), f.gone ? " removed" : f.folder ? " made" : " written"])),
    list("Calls of the host", a.calls?.map((c) => [h("code", {}, c.function), " ", h("span", { class: "payload" }, short(c.args)), " → ", h("span", { class: "payload" }, short(c.answer))])));
}

const list = (title, rows = []) => rows.length > 0 && h("div", { class: "story" }, h("h4", {}, title), h("ul", {}, rows.map((row) => h("li", {}, row))));

/** A result as its author meant it: text as text, and JSON indented. Numbers stay as they are written. */
function pretty(a) {
  if (typeof a.value === "string") return a.value;
  const safe = !/[0-9]{16}/.test(a.content); // a number that JavaScript would round
  return a.value !== undefined && safe ? JSON.stringify(a.value, null, 2) : a.content;
}

function short(value) {
  const text = typeof value === "string" ? value : value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)} … and ${text.length - 400} more` : text;
}

/** Topics that calls of this page published, the newest first. */
export function publications() {
  const shown = h("div", { class: "published" });
  const all = [];
  const draw = () => {
    shown.replaceChildren(all.length === 0
      ? h("p", { class: "quiet" }, "What a tool publishes when it is called here is shown here.")
      : h("ul", { class: "messages" }, all.map((m) => h("li", {}, moment(m.time), " ", h("code", {}, m.topic), " ", h("span", { class: "payload" }, short(m.payload))))));
  };
  draw();
  return {
    shown,
    add: (messages) => {
      for (const m of messages) all.unshift({ ...m, time: Date.now() });
      all.splice(50);
      draw();
    },
  };
}
