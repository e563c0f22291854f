// What things are called, in the words of the terminal.

export const stateWords = { good: "sound", failed: "failed", held: "held", unknown: "not built yet" };
export const stateMarks = { good: "✓", failed: "✕", held: "‖", unknown: "·" };

export const count = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** Bytes, in thousands, as the terminal says them. */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} KB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function duration(ms) {
  if (ms > 0 && ms < 1) return "under 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** A folder as somebody knows it who looks at what is watched. */
export function shortPath(path, roots) {
  for (const root of roots) {
    if (path === root) return root.slice(root.search(/[^/\\]*$/)) || path;
    if (path.startsWith(root) && /[/\\]/.test(path[root.length] ?? "")) return path.slice(root.length + 1);
  }
  return path;
}

export const name = (capsule, roots) => capsule.name || shortPath(capsule.dir, roots);

/** The address of a capsule's view. */
export const link = (dir) => `#/capsule/${encodeURIComponent(dir)}`;

/** How many errors a verdict has, in words. */
function errors(list = []) {
  const n = list.filter((f) => f.severity === "error").length;
  return n > 0 ? `: ${count(n, "error")}` : "";
}

/** What a kind of event is called. */
export const kindWords = {
  capsule_added: "added", capsule_removed: "removed", build_started: "building", build_superseded: "stopped", build_failed: "failed", smoke_failed: "failed",
  live_failed: "not live", serving: "page", hook_ended: "command",
};

/** What an event says, in a line, and how much it matters: "good", "bad", "odd" or "". */
export function describe(e) {
  switch (e.type) {
    case "ready": return ["good", `watching ${count(e.capsules ?? 0, "capsule")}`];
    case "capsule_added": return ["", "a capsule came"];
    case "capsule_removed": return ["", "a capsule went"];
    case "change": return ["", e.changed_count ? `changed: ${some(e.changed, e.changed_count)}` : e.reason || "changed"];
    case "unchanged":
      return [e.state === "failed" || e.state === "held" ? "bad" : "", e.reason || (e.rebuilt ? "the build made the same modules again" : "up to date")];
    case "build_started": return ["", e.reason || ""];
    case "build_superseded": return ["", "its sources changed again"];
    case "build_failed": return ["bad", `the ${e.step || "build"} failed${errors(e.diagnostics)}`];
    case "smoke_failed": return ["bad", `it was built, and does not load${errors(e.findings)}`];
    case "reload": return ["good", `#${e.generation}, ${size(e.size ?? 0)}, built in ${duration(e.build_ms ?? 0)}, loaded in ${duration(e.smoke_ms ?? 0)}`];
    case "live": return ["good", `installed in ${duration(e.live_ms ?? 0)}${e.reason ? `: ${e.reason}` : ""}`];
    case "live_failed": return ["bad", e.reason || "the runtime refuses it"];
    case "hook_ended": return [e.reason ? "odd" : "", `--on-${e.after} ${e.reason ? `failed: ${e.reason}` : `ended after ${duration(e.hook_ms ?? 0)}`}`];
    case "warning": return ["odd", `${e.message}${e.code ? ` [${e.code}]` : ""}`];
    case "held": return ["odd", e.message || "held"];
    case "idle": return [e.failed ? "bad" : "", e.failed ? `nothing to do; ${count(e.failed, "capsule")} failed` : "nothing to do"];
    case "serving": return ["", "the page is served"];
    case "snapshot": return ["", "how everything stands"];
    default: return ["", e.message || e.reason || ""];
  }
}

function some(list, all) {
  const shown = list.slice(0, 3);
  return shown.join(", ") + (all > shown.length ? ` and ${all - shown.length} more` : "");
}
