// Usage: compile.mjs MODULE...
// Prints the milliseconds that WebAssembly.compile and instantiation of the core modules
// take, every import being a stub, and how many failed: stubs of tables and memories do not
// fit every module. Node compiles lazily with its first tier.
import { readFile } from 'node:fs/promises';

const stub = (i) => {
  switch (i.kind) {
    case 'memory': return new WebAssembly.Memory({ initial: 1024, maximum: 65536 });
    case 'table': return new WebAssembly.Table({ initial: 10000, element: 'anyfunc' });
    case 'global': return new WebAssembly.Global({ value: 'i32', mutable: false }, 0);
  }
  return () => 0;
};
const files = await Promise.all(process.argv.slice(2).map((f) => readFile(f)));
const start = performance.now();
let failed = 0;
for (const bytes of files) {
  const imports = {};
  let module;
  try { module = await WebAssembly.compile(bytes); } catch (e) { console.error(String(e)); failed++; continue; }
  for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ??= {})[i.name] = stub(i);
  try { await WebAssembly.instantiate(module, imports); } catch { failed++; }
}
console.log(JSON.stringify({ ms: performance.now() - start, failed }));
