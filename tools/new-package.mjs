// Makes packages/<name> with the files that every package has: `npm run new-package -- <name> "<one sentence>"`.
import { mkdirSync, writeFileSync, existsSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const [name, description] = process.argv.slice(2);
if (!/^[a-z][a-z-]*$/.test(name ?? '') || !description) {
  console.error('new-package: expected a lower-case name and one sentence, e.g. npm run new-package -- eval "Measures models."');
  process.exit(2);
}
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'packages', name);
if (existsSync(folder)) {
  console.error(`new-package: expected a new name but found ${folder}. Choose another name or remove the folder.`);
  process.exit(2);
}
mkdirSync(join(folder, 'src'), { recursive: true });
const write = (file, text) => writeFileSync(join(folder, file), text);
write('package.json', `${JSON.stringify({
  name: `@llm/${name}`,
  version: '0.1.0',
  description,
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19.0' },
  publishConfig: { access: 'public' },
  files: ['dist', 'src', '!src/**/*.test.ts', '!src/**/*.bench.ts'],
  exports: {
    '.': { '@llm/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  scripts: { build: 'tsc -p .' },
}, null, 2)}\n`);
write('tsconfig.json', `${JSON.stringify({
  extends: '../../tsconfig.base.json',
  compilerOptions: { rootDir: 'src', outDir: 'dist' },
  include: ['src/**/*.ts'],
  exclude: ['src/**/*.test.ts', 'src/**/*.bench.ts', 'src/**/*.as.ts'],
}, null, 2)}\n`);
write('README.md', `# @llm/${name}\n\n${description}\n`);
write('src/index.ts', 'export {};\n');
console.log(`packages/${name} is ready. Next: write one idea in src/, export it from src/index.ts, run npm run check.`);
