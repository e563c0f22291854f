// Usage: wrap.mjs CORE WIT WORLD EMBEDDED COMPONENT [adapter]
// Embeds the world into a core module and wraps it into a component.
import { componentEmbed, componentNew, preview1AdapterReactorPath } from '@bytecodealliance/jco';
import { readFile, writeFile } from 'node:fs/promises';

const [, , core, wit, world, embedded, component, adapter] = process.argv;
const bytes = await componentEmbed({
  binary: new Uint8Array(await readFile(core)),
  witSource: await readFile(wit, 'utf8'),
  world, stringEncoding: 'utf8', metadata: [],
});
await writeFile(embedded, bytes);
const adapters = adapter
  ? [['wasi_snapshot_preview1', new Uint8Array(await readFile(preview1AdapterReactorPath()))]]
  : [];
await writeFile(component, await componentNew(bytes, adapters));
