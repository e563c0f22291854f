// What is known of the watch. It begins with a state, and each event changes it as the hub's own
// snapshot is changed by it (orchestrator/hub/standing.go): a test holds the two together.

const logKept = 2000; // events of the log
const buildsKept = 40; // of one capsule, as many as a chart shows
const sizesKept = 60;

export class Store {
  run = "";
  seq = 0; // of the newest event that is known
  missed = 0; // events that nobody told us
  roots = [];
  ready = false;
  idle = false;
  capsules = new Map(); // by folder
  log = []; // events, oldest first
  version = 0; // grows with each change

  #ahead = 0; // ms that the watch's clock is before the browser's
  #logged = 0; // seq of the newest event in the log

  /** Begins with how everything stands. What was known is given up, but for the log of the same run. */
  begin(state) {
    if (state.run !== this.run) {
      this.log = [];
      this.#logged = 0;
      this.missed = 0;
    }
    Object.assign(this, { run: state.run, seq: state.seq, roots: state.roots ?? [], ready: state.ready, idle: state.idle });
    this.missed += state.missed ?? 0;
    this.capsules = new Map();
    this.#stand(state.standing ?? []);
    for (const e of state.verdicts) {
      const capsule = this.capsules.get(e.dir);
      if (capsule) capsule.verdict = e;
    }
    for (const e of state.history) {
      const capsule = this.capsules.get(e.dir);
      if (capsule) note(capsule, e);
    }
    this.version++;
  }

  /** What the watch's clock says now, as far as its events tell: the browser may stand on another machine. */
  now() {
    return Date.now() + this.#ahead;
  }

  /** Takes an event in. What is known already counts for the log alone. */
  take(e) {
    if (e.seq > this.#logged) {
      this.#logged = e.seq;
      this.log.push(e);
      if (this.log.length > 2 * logKept) this.log.splice(0, this.log.length - logKept);
      this.version++;
    }
    if (e.seq <= this.seq) return;
    this.missed += e.seq - this.seq - 1;
    this.seq = e.seq;
    this.#ahead = Date.parse(e.time) - Date.now();
    this.#apply(e);
  }

  #stand(standing) {
    for (const c of standing) {
      const capsule = this.#of(c.dir);
      Object.assign(capsule, {
        name: c.capsule ?? "", state: c.state, building: c.building ?? false, source: c.source_hash ?? "", key: c.key ?? "", generation: c.generation ?? 0,
        judged: c.verdict ?? 0, since: c.since ?? "", hash: c.artifact_hash ?? "", size: c.size ?? 0,
        tests: c.tests ?? null, live: c.live ?? null,
      });
    }
  }

  #of(dir) {
    let capsule = this.capsules.get(dir);
    if (!capsule) {
      capsule = {
        dir, name: "", state: "unknown", building: false, source: "", key: "", generation: 0, judged: 0, since: "", hash: "", size: 0,
        tests: null, live: null, refusal: null, verdict: null, builds: [], sizes: [], noted: 0,
      };
      this.capsules.set(dir, capsule);
    }
    return capsule;
  }

  #apply(e) {
    switch (e.type) {
      case "warning": case "serving": case "hook_ended":
        return;
      case "live": case "live_failed":
        Object.assign(this.#of(e.dir), {
          live: { runs: e.type === "live", key: e.key, artifact_hash: e.artifact_hash, runtime: e.runtime, reason: e.reason, since: e.time },
          refusal: e.type === "live" ? null : e,
        });
        return;
      case "snapshot":
        this.#stand(e.standing ?? []);
        return;
      case "ready":
        this.ready = true;
        return;
      case "idle":
        this.idle = true;
        return;
      case "capsule_removed":
        this.capsules.delete(e.dir);
        return;
    }
    if (!e.dir) return; // of a kind that is not known here
    this.idle = false;
    const capsule = this.#of(e.dir);
    capsule.name = e.capsule ?? "";
    changed(capsule, e);
    note(capsule, e);
  }
}

/** Changes how a capsule stands by an event that is about it. */
function changed(capsule, e) {
  const judged = (state) => {
    Object.assign(capsule, { state, building: false, source: e.source_hash ?? "", key: e.key ?? "", judged: e.seq, since: e.time });
  };
  const published = () => Object.assign(capsule, { hash: e.artifact_hash ?? "", size: e.size ?? 0 });
  switch (e.type) {
    case "capsule_added": case "change":
      capsule.source = e.source_hash ?? "";
      return;
    case "build_started":
      Object.assign(capsule, { building: true, source: e.source_hash ?? "" });
      return;
    case "build_superseded":
      capsule.building = false;
      return;
    case "build_failed": case "smoke_failed":
      judged("failed");
      break;
    case "held":
      judged("held");
      break;
    case "unchanged":
      judged(e.state || "good");
      if (e.artifact_hash) published();
      if (e.tests) capsule.tests = e.tests;
      if (capsule.verdict && e.state) return; // what says more was said before
      break;
    case "reload":
      judged("good");
      Object.assign(capsule, { generation: e.generation ?? 0, tests: e.tests ?? null });
      published();
      break;
    default:
      return;
  }
  capsule.verdict = e;
}

const results = { build_superseded: "stopped", build_failed: "failed", smoke_failed: "failed", reload: "reload", unchanged: "same" };

/** Notes builds and sizes. An event that was noted before, from the history, is passed over. */
function note(capsule, e) {
  if (e.seq <= capsule.noted) return;
  capsule.noted = e.seq;
  const { builds, sizes } = capsule;
  const last = builds.at(-1);
  if (e.type === "build_started") {
    builds.push({ seq: e.seq, attempt: e.attempt ?? 0, started: Date.parse(e.time), result: "running", build: 0, smoke: 0, took: 0 });
    builds.splice(0, builds.length - buildsKept);
  } else if (results[e.type] && last?.result === "running") {
    last.result = results[e.type];
    last.took = Math.max(0, Date.parse(e.time) - last.started);
    last.build = e.build_ms ?? 0;
    last.smoke = e.smoke_ms ?? 0;
  }
  if (e.artifact_hash && e.artifact_hash !== sizes.at(-1)?.hash) {
    sizes.push({ time: e.time, hash: e.artifact_hash, size: e.size ?? 0, generation: e.generation ?? 0 });
    sizes.splice(0, sizes.length - sizesKept);
  }
}

const order = new Intl.Collator();
const rank = { failed: 0, held: 1, unknown: 2, good: 3 };

/** The capsules by name. */
export const byName = (store) => [...store.capsules.values()].sort((a, b) => order.compare(a.name || a.dir, b.name || b.dir) || (a.dir < b.dir ? -1 : 1));

/** The capsules, what is wrong first, else by name. */
export const byState = (store) => byName(store).sort((a, b) => rank[a.state] - rank[b.state]);

/** How many capsules stand how. */
export function tally(store) {
  const n = { all: 0, good: 0, failed: 0, held: 0, unknown: 0, building: 0 };
  for (const c of store.capsules.values()) {
    n.all++;
    n[c.state]++;
    if (c.building) n.building++;
  }
  return n;
}
