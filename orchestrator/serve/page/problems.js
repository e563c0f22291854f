// What is wrong with a capsule, and what else its verdict says.

import { h } from "./dom.js";
import { count, describe, link } from "./words.js";

/** What was found at a capsule: by its verdict, and by the tests of what is published. */
function findingsOf(capsule) {
  const { verdict, tests } = capsule;
  const failed = (capsule.state === "good" ? tests?.failed ?? [] : []).map((t) => ({ severity: "error", code: "test-failed", ...t, message: t.name ? `${t.name}: ${t.message}` : t.message }));
  return [...(verdict?.diagnostics ?? []), ...(verdict?.findings ?? []), ...failed];
}

/** What is to be said of a capsule beyond its state, of findings the first most: nothing where there is nothing to say. */
export function problems(capsule, most = Infinity) {
  const e = capsule.verdict ?? {};
  const bad = capsule.state === "failed" || capsule.state === "held";
  const found = findingsOf(capsule);
  const [, says] = describe(e);
  return [
    bad && (found.length === 0 || (e.step && e.step !== "build")) && h("p", { class: "verdict" }, says),
    found.length > 0 && h("ul", { class: "findings" }, first(found, most).map((f) => finding(f, capsule))),
    found.length > most && h("p", { class: "more" }, h("a", { href: link(capsule.dir) }, `${found.length - most} more`)),
    e.files?.length > 0 && bad && h("ul", { class: "files" }, e.files.map((file) => h("li", {}, h("code", {}, file)))),
    e.hint && h("p", { class: "hint" }, e.hint),
    e.tail && h("details", { class: "output", open: found.length === 0 }, h("summary", {}, `Output of the ${e.step || "build"}`), h("pre", { tabindex: "0" }, e.tail)),
    notLive(capsule),
  ].filter(Boolean);
}

/** The first of many findings: errors, if not all find room. */
function first(found, most) {
  if (found.length <= most) return found;
  return [...found.filter((f) => f.severity === "error"), ...found.filter((f) => f.severity !== "error")].slice(0, most);
}

function notLive(capsule) {
  if (!capsule.live || capsule.live.runs) return null;
  const e = capsule.refusal; // what more was said, if this page was there
  return h("div", { class: "not-live" }, h("p", { class: "verdict" }, `not live: ${capsule.live.reason || "the runtime refuses it"}`),
    e?.findings?.length > 0 && h("ul", { class: "findings" }, e.findings.map((f) => finding(f, capsule))), e?.hint && h("p", { class: "hint" }, e.hint));
}

function finding(f, capsule) {
  return h("li", { class: `finding ${f.severity}` },
    h("p", { class: "where" }, h("span", { class: `severity ${f.severity}` }, f.severity), f.file && place(f, capsule), f.code && h("span", { class: "code-name" }, f.code)),
    h("p", { class: "message" }, f.message),
    f.diff && h("pre", { class: "diff", tabindex: "0" }, f.diff),
    f.hint && h("p", { class: "hint" }, f.hint));
}

/** file:line:column, which is copied with its whole path: what an editor opens. */
function place(f, capsule) {
  const at = [f.file, f.line, f.column].filter(Boolean).join(":");
  const whole = /^([/\\]|[A-Za-z]:)/.test(f.file) ? at : `${capsule.dir}/${at}`;
  const copy = async (event) => {
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(whole);
      button.dataset.done = "copied";
    } catch {
      button.dataset.done = "select and copy it yourself";
    }
    setTimeout(() => delete button.dataset.done, 1500);
  };
  return h("button", { type: "button", class: "place", title: `Copy ${whole}`, onclick: copy }, at);
}

/** How many errors and remarks a capsule has, in words; "" for none. */
export function counts(capsule) {
  const found = findingsOf(capsule);
  const errors = capsule.state === "good" ? capsule.tests?.failed?.length ?? 0 : found.filter((f) => f.severity === "error").length;
  const rest = found.length - errors;
  return [errors && count(errors, capsule.state === "good" ? "failed test" : "error"), rest && count(rest, "remark")].filter(Boolean).join(", ");
}
