import { build, transform } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { checkKernel } from '../check-kernel.ts';
import { gelu } from '../gelu/gelu.ts';
import { explainWasm } from './launch-wasm.ts';
import { portable, preparePortable } from './portable.ts';

const cases = [{ dims: { count: 33 } }];
const gpujs = pathToFileURL(createRequire(import.meta.url).resolve('gpu.js')).href;

/** Bundles a script as a user's build would and runs it in a Node with `flags`, in a folder where no package is installed. */
async function runScript(script: string, flags: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portable-'));
  try {
    const outfile = join(folder, 'script.mjs');
    await build({
      stdin: { contents: script, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'ts' },
      bundle: true, format: 'esm', platform: 'node', target: 'esnext', minify: true, external: ['file:*'], outfile, logLevel: 'error',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, outfile], { cwd: folder });
    return stdout.trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}

const IMPORTS = `
  import { createWasmDevice } from './runtime/wasm-device.ts';
  import { launch } from './kernel.ts';
  import { portable, preparePortable } from './portable/portable.ts';
  import { gelu } from './gelu/gelu.ts';
  async function run(kernel) {
    const device = await createWasmDevice({ threads: 1 });
    const [x, y] = [device.heap.alloc(20), device.heap.alloc(20)];
    device.f32(x, 5).set([1, 2, 3, 4, 5]);
    launch(device, kernel, { at: { x, y }, dims: { count: 5 } });
    const result = [...device.f32(y, 5)].map((value) => value.toFixed(3)).join();
    await device.close();
    return result;
  }
`;

test('functions that a minifier rewrote compile, as long as they still see no names from outside', async () => {
  const { code } = await transform(`export const f = (input, slope) => {
    let sum = 0;
    for (let step = 0; step < 4; step++) { if (input < 0) { sum += slope; } else { sum += input; } }
    const half = sum / 2;
    return half;
  }`, { minify: true, format: 'esm' });
  const { f } = await import(`data:text/javascript,${encodeURIComponent(code)}`) as { f: (x: number, slope: number) => number };
  expect(f.toString()).not.toMatch(/ [=<+] /);
  const kernel = portable('minified', f, { uniforms: { slope: 0.5 } });
  await preparePortable(kernel);
  await checkKernel(kernel, { cases });
  // What minifiers make of statements: commas, && and ?: in their places.
  const folded = portable('folded', '(n,e)=>{let t=0;return n>0&&(t=n),e>0?t+=e:t-=e,t*2}', { uniforms: { e: 3 } });
  await preparePortable(folded);
  await checkKernel(folded, { cases });
});

test('a minified function that cannot be read says so', async () => {
  await expect(preparePortable(portable('dense', '(e)=>{let t=n(e);return t*t+r.max(t,0)*2}'))).rejects.toThrow(
    /found a call of something else than Math in line 1, `n\(e\)`\. .* The function seems to come from a minifier: give its source as a string/);
});

test('the counters of a coverage tool are named', async () => {
  const counted = [
    '(x) => { cov_1a2b3c().f[0]++; cov_1a2b3c().s[0]++; return x * x; }',
    '(x) => { /* istanbul ignore next */ return x; }',
    '(x) => { __coverage__["a.ts"].s[0]++; return x; }',
  ];
  for (const source of counted) {
    await expect(preparePortable(portable('counted', source))).rejects.toThrow('counted: expected the source of a function but found the counters of a coverage tool in it. Leave this file out of coverage. Give the source as a string');
  }
});

test('a function without its source is named', async () => {
  for (const fn of [Math.tanh, Math.atan2.bind(Math, 1)]) {
    await expect(preparePortable(portable('native', fn))).rejects.toThrow('native: expected a function with its source but found a native or bound one. Write it out');
  }
});

test('a kernel of this package never reads the source of its function', async () => {
  const read = vi.spyOn(Function.prototype, 'toString').mockImplementation(() => { throw new Error('read'); });
  try {
    expect(() => `${Math.tanh}`).toThrow('read');
    await checkKernel(gelu, { cases });
  } finally {
    read.mockRestore();
  }
});

test('under a policy that forbids code from strings, functions compile and run, minified; a string has no definition', async () => {
  const said = await runScript(`${IMPORTS}
    const { default: gpujs } = await import(${JSON.stringify(gpujs)});
    const square = portable('square', (x, k) => { const r = Math.max(x - k, 0); return r * r; }, { uniforms: { k: 2 } });
    await preparePortable(square, { gpujs });
    const text = portable('text', '(x) => x * 2');
    await preparePortable(text, { gpujs });
    console.log(await run(square), await run(text), await run(gelu));
    try { new Function('return 1')(); console.log('no policy'); } catch (error) { console.log(error.name); }
    try { text.reference({ x: [1], y: [0] }, { count: 1 }, {}); } catch (error) { console.log(error.message); }
  `, ['--disallow-code-generation-from-strings']);
  expect(said.split('\n')).toEqual([
    '0.000,0.000,1.000,4.000,9.000 2.000,4.000,6.000,8.000,10.000 0.841,1.955,2.996,4.000,5.000',
    'EvalError',
    "text: expected to make the definition from its source but found a Content-Security-Policy that forbids code from strings (script-src without 'unsafe-eval'). Give the function itself instead of a string; the devices webgpu and wasm do not need the definition.",
  ]);
});

test('without gpu.js the kernels of this package run, and others say what to install', async () => {
  const said = await runScript(`${IMPORTS}
    console.log(await run(gelu));
    try { await preparePortable(portable('own', (x) => x)); } catch (error) { console.log(error.message); }
  `);
  expect(said.split('\n')).toEqual([
    '0.841,1.955,2.996,4.000,5.000',
    "preparePortable: expected the package gpu.js, which compiles portable kernels, but found none. Install it (npm install gpu.js), or in a page give it: preparePortable(kernel, { gpujs: await import('gpu.js') }).",
  ]);
});

test('gpu.js may be given, as a page that is bundled has to', async () => {
  const kernel = portable('given', (x) => x / 2);
  await preparePortable(kernel, { gpujs: await import('gpu.js') });
  await checkKernel(kernel, { cases });
});

test('another version of gpu.js is named', async () => {
  await expect(preparePortable(portable('own', (x) => x), { gpujs: { GPU() {} } })).rejects.toThrow('expected gpu.js 2.24 but found a version without FunctionNode. Install gpu.js 2.24.');
});

test('a policy that forbids WebAssembly is named', () => {
  let refused: unknown;
  try {
    runInNewContext('new WebAssembly.Module(bytes)', { bytes: Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0) }, { contextCodeGeneration: { wasm: false } });
  } catch (error) {
    refused = error;
  }
  expect((explainWasm(refused, 'gelu') as Error).message).toMatch(/^gelu: expected to compile WebAssembly but found a Content-Security-Policy that forbids it\. Add 'wasm-unsafe-eval' to script-src\./);
  // As Chromium and Firefox word it.
  for (const message of ["WebAssembly.Module(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive", 'call to WebAssembly.Module() blocked by CSP']) {
    expect((explainWasm(new WebAssembly.CompileError(message), 'gelu') as Error).message).toContain("Add 'wasm-unsafe-eval'");
  }
  const other = new RangeError('out of memory');
  expect(explainWasm(other, 'gelu')).toBe(other);
});
