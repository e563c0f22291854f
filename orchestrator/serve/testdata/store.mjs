// Reads a state and events, a line each, as the page does, and writes how everything stands, as the hub's own snapshot.
import { readFileSync } from "node:fs";
import { Store } from "../page/store.js";
import { Parser } from "../page/stream.js";

const [state, ...events] = readFileSync(0, "utf8").split("\n");
const store = new Store();
store.begin(JSON.parse(state));

// The events come as a stream, in pieces of any size.
const text = events.map((e) => `id: x.${JSON.parse(e).seq}\ndata: ${e}\n\n`).join("");
const parser = new Parser((m) => store.take(JSON.parse(m.data)));
for (let at = 0, size = 1; at < text.length; at += size, size = (size * 7 + 3) % 97 || 1) parser.push(text.slice(at, at + size));

if (store.missed !== 0) throw new Error(`${store.missed} events were missed`);
const left = (value) => value || undefined;
const standing = [...store.capsules.values()].sort((a, b) => (a.dir < b.dir ? -1 : 1)).map((c) => ({
  capsule: left(c.name), dir: c.dir, state: c.state, building: left(c.building), source_hash: left(c.source), key: left(c.key), generation: left(c.generation),
  verdict: left(c.judged), since: left(c.since), artifact_hash: left(c.hash), size: left(c.size), tests: left(c.tests), live: left(c.live),
}));
console.log(JSON.stringify({ ready: left(store.ready), idle: left(store.idle), standing: standing.length > 0 ? standing : undefined }));
