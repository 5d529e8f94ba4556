// Compiles the inner loops of the GGUF quantizers, packages/quantize/src/gguf/blocks/fit.as.ts, and writes them as base64 into compiled.ts
// beside them, which is committed, with the hash of what it was compiled from: a test compares that.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../packages/quantize/src/gguf/blocks');

const source = readFileSync(join(folder, 'fit.as.ts'), 'utf8');
const { default: asc } = await import('assemblyscript/asc');
let binary;
const { error, stderr } = await asc.main(['fit.as.ts', '--outFile', 'out.wasm', '--runtime', 'stub', '-O3', '--noAssert', '--use', 'abort=', '--enable', 'simd'], {
  readFile: (name) => (name === 'fit.as.ts' ? source : null),
  writeFile: (name, contents) => { if (name.endsWith('.wasm')) binary = contents; },
  listFiles: () => [],
});
if (error) throw new Error(stderr.toString(), { cause: error });
const hash = createHash('sha256').update(source).digest('hex');
writeFileSync(join(folder, 'compiled.ts'), `// Written by tools/build-block-fits.mjs from fit.as.ts, whose SHA-256 is ${hash}.\nexport const compiled: string = '${Buffer.from(binary).toString('base64')}';\n`);
