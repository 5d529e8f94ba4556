// Compiles the inner loops of @llm/data-quality, each X.as.ts below, and writes them as base64 into a file beside them, which is
// committed, with the hash of what it was compiled from: tests compare that.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = join(dirname(fileURLToPath(import.meta.url)), '../packages/data-quality/src');
const { default: asc } = await import('assemblyscript/asc');

for (const { source, output, features } of [
  { source: 'minhash/minhash.as.ts', output: 'minhash/compiled.ts', features: [] },
  { source: 'dedup/largest-products.as.ts', output: 'dedup/compiled-products.ts', features: ['--enable', 'simd'] },
]) {
  const text = readFileSync(join(src, source), 'utf8');
  let binary;
  const { error, stderr } = await asc.main(['in.as.ts', '--outFile', 'out.wasm', '--runtime', 'stub', '-O3', '--noAssert', '--use', 'abort=', ...features], {
    readFile: (name) => (name === 'in.as.ts' ? text : null),
    writeFile: (name, contents) => { if (name.endsWith('.wasm')) binary = contents; },
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString(), { cause: error });
  const hash = createHash('sha256').update(text).digest('hex');
  writeFileSync(join(src, output), `// Written by tools/build-data-loops.mjs from ${source}, whose SHA-256 is ${hash}.\nexport const compiled: string = '${Buffer.from(binary).toString('base64')}';\n`);
}
