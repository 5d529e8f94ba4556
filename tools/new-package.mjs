// Makes packages/<name> with the files that every package has: `npm run new-package -- <name> "<one sentence>"`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const [name, description] = process.argv.slice(2);
if (!/^[a-z][a-z-]*$/.test(name ?? '') || !description) {
  console.error('new-package: expected a lower-case name and one sentence, e.g. npm run new-package -- eval "Measures models."');
  process.exit(2);
}
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'packages', name);
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
  files: ['dist', 'src', '!src/**/*.test.ts', '!src/**/*.bench.ts', '!src/**/fixtures'],
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

// What the checks want of every package: a size budget, and tests that use it as a user would.
function edit(file, change) {
  const path = join(root, file);
  const json = JSON.parse(readFileSync(path, 'utf8'));
  change(json);
  writeFileSync(path, `${JSON.stringify(json, null, 2)}\n`);
}
edit('tools/budgets.json', (budgets) => { budgets[name] = { kilobytes: 100 }; });
edit('tests/package.json', ({ devDependencies }) => { devDependencies[`@llm/${name}`] = 'workspace:^'; });
write(`../../tests/packed/consumers/${name}.mjs`, `import * as it from '@llm/${name}';\nimport { expect } from '../expect.mjs';\n\nexpect(typeof it === 'object', 'a module');\n`);
write(`../../.changeset/new-${name}.md`, `---\n"@llm/${name}": minor\n---\n\n${description}\n`);
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
spawnSync('npx', ['--yes', packageManager, 'install', '--no-frozen-lockfile'], { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
console.log(`packages/${name} is ready. Next: write one idea in src/, export it from src/index.ts, call it in tests/packed/consumers/${name}.mjs, run npm run check.`);
