// Writes dist/engine.wasm: the QuickJS engine that componentize-qjs carries, with nothing in it
// that differs from one build to the next. componentize-qjs starts the engine, runs the capsule
// in it and keeps its memory. An engine that starts with the time and with random numbers leaves
// them there, and the same sources then never make the same module twice.
//
// A capsule gets neither the time nor random numbers from these imports (--stub-wasi); they are
// asked once, by the build. So each becomes an import of the same type whose answer is fixed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// Imports that differ each time, and what is asked instead.
const fixed = new Map([
  ['wasi:random/insecure-seed@0.2.9 insecure-seed', ['wasi:cli/environment@0.2.0', 'initial-cwd']],
  ['wasi:clocks/wall-clock@0.2.0 now', ['wasi:clocks/wall-clock@0.2.0', 'resolution']],
  ['wasi:clocks/monotonic-clock@0.2.0 now', ['wasi:clocks/monotonic-clock@0.2.0', 'resolution']],
]);

const require = createRequire(import.meta.url);
require('componentize-qjs');
const binding = Object.keys(require.cache).find((file) => file.endsWith('.node'));
const engine = engines(readFileSync(binding)).filter((e) => !e.async).sort((a, b) => b.bytes.length - a.bytes.length)[0];
if (engine?.fixed !== fixed.size) {
  throw new Error(`${binding} holds no engine as componentize-qjs 0.4.3 has it: engine.mjs has to learn of this release`);
}
mkdirSync('dist', { recursive: true });
writeFileSync('dist/engine.wasm', engine.bytes);

// engines are the libraries in WebAssembly that lie in data.
function engines(data) {
  const found = [];
  const start = Buffer.from('\0asm\x01\0\0\0\0', 'latin1'); // and a custom section behind it
  for (let at = data.indexOf(start); at >= 0; at = data.indexOf(start, at + 1)) {
    const engine = read(data, at);
    if (engine) found.push(engine);
  }
  return found;
}

// read is the module that begins at start, with its imports fixed; nothing when it is no library.
function read(data, start) {
  const parts = [data.subarray(start, start + 8)];
  const engine = { fixed: 0, async: false };
  let at = start + 8;
  for (let section = 0; data[at] <= 13; section++) {
    const [size, body] = number(data, at + 1);
    const end = body + size;
    if (end > data.length || (section === 0 && text(data, body)[0] !== 'dylink.0')) return undefined;
    const changed = data[at] === 2 ? imports(data.subarray(body, end), engine) : data.subarray(body, end);
    parts.push(data.subarray(at, at + 1), leb(changed.length), changed);
    at = end;
    if (data.subarray(at, at + 4).equals(data.subarray(start, start + 4))) break; // the next module
  }
  engine.bytes = Buffer.concat(parts);
  return engine;
}

// imports is a section of imports, in which those that differ each time are fixed.
function imports(data, engine) {
  const parts = [];
  let [count, at] = number(data, 0);
  parts.push(leb(count));
  while (count-- > 0) {
    let [module, behind] = text(data, at);
    let [name, kind] = text(data, behind);
    at = skip(data, kind);
    engine.async ||= name.startsWith('[waitable');
    const instead = fixed.get(`${module} ${name}`);
    if (instead) {
      engine.fixed++;
      [module, name] = instead;
    }
    parts.push(leb(module.length), Buffer.from(module), leb(name.length), Buffer.from(name), data.subarray(kind, at));
  }
  return Buffer.concat(parts);
}

// skip is where the description of an import ends that begins at at.
function skip(data, at) {
  switch (data[at]) {
    case 0: return number(data, at + 1)[1]; // a function
    case 3: return at + 3; // a global
    case 4: return number(data, at + 2)[1]; // a tag
  }
  const flags = at + (data[at] === 1 ? 2 : 1); // a table, a memory
  const least = number(data, flags + 1)[1];
  return data[flags] & 1 ? number(data, least)[1] : least;
}

function text(data, at) {
  const [length, start] = number(data, at);
  return [data.toString('utf8', start, start + length), start + length];
}

// number reads an unsigned LEB128, and where it ends.
function number(data, at) {
  for (let value = 0, factor = 1; ; factor *= 128) {
    const byte = data[at++];
    value += (byte & 127) * factor;
    if (byte < 128) return [value, at];
  }
}

function leb(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
