// Usage: componentize.mjs SOURCE WIT WORLD COMPONENT
// Makes a component of a script and the StarlingMonkey engine, without WASI.
import { componentize } from '@bytecodealliance/componentize-js';
import { readFile, writeFile } from 'node:fs/promises';

const [, , source, wit, worldName, out] = process.argv;
const { component } = await componentize(await readFile(source, 'utf8'), {
  witWorld: await readFile(wit, 'utf8'), worldName,
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(out, component);
