// Answers requests of the Go tests: one JSON object a line on standard input, one a line on
// standard output, in order. Binaries are base64. A request that kills the tool ends this
// process; the tests start it again and count it.
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.argv[2], 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const jcoDir = join(process.argv[2], 'node_modules/@bytecodealliance/jco');
const tools = await import(pathToFileURL(join(jcoDir, 'dist/api.js')).href);

const b64 = (b) => Buffer.from(b).toString('base64');
const bytes = (s) => new Uint8Array(Buffer.from(s, 'base64'));

const ops = {
  print: async (q) => ({ text: await tools.print(bytes(q.data)) }),
  validate: async (q) => ({ text: await tools.componentWit(bytes(q.data)) }),
  // The JavaScript engine's own judgement of a core module.
  engine: async (q) => ({ text: WebAssembly.validate(bytes(q.data)) ? 'valid' : '' }),
  parse: async (q) => ({ data: b64(await tools.parse(q.text)) }),
  embed: async (q) => ({ data: b64(await tools.componentEmbed({ binary: bytes(q.data), witSource: q.wit, stringEncoding: 'utf8' })) }),
  new: async (q) => {
    const adapters = q.adapter
      ? [['wasi_snapshot_preview1', new Uint8Array(readFileSync(join(jcoDir, 'lib/wasi_snapshot_preview1.reactor.wasm')))]]
      : [];
    return { data: b64(await tools.componentNew(bytes(q.data), adapters)) };
  },
  qjs: async (q) => {
    const { componentize } = await load('componentize-qjs');
    const r = await componentize({ witPath: q.path, jsSource: q.text, sync: q.sync, stubWasi: q.stub });
    return { data: b64(r.component) };
  },
  starling: async (q) => {
    const js = join(process.argv[2], 'node_modules/@bytecodealliance/componentize-js/src/componentize.js');
    const { componentize } = await import(pathToFileURL(js).href);
    const r = await componentize(q.text, { witPath: q.path, disableFeatures: q.stub ? ['stdio', 'random', 'clocks', 'http'] : [] });
    return { data: b64(r.component) };
  },
};

const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const q = JSON.parse(line);
  let answer;
  try {
    answer = await ops[q.op](q);
  } catch (e) {
    const message = String((e && e.payload) || (e && e.stack) || e);
    answer = { error: message, fatal: e instanceof WebAssembly.RuntimeError };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
  if (answer.fatal) process.exit(3);
}
