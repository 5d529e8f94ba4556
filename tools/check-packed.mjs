// Installs the packed tarballs into an empty project with plain npm, type-checks a module that imports every entry, and runs
// tests/packed/consumers/*.mjs in plain Node. Every function of "." and "./node" of every package must be called by one of them.
// A consumer that needs Node is named <package>.node.mjs; the others run in browsers as well.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainEnv, tarballs } from './pack.mjs';
import { run, tool } from './run.mjs';
import { readJson, root } from './workspace.mjs';

const tests = join(root, 'tests/packed');

const entriesOf = ({ name, json }) => Object.keys(json.exports).filter((subpath) => subpath !== './package.json')
  .map((subpath) => name + subpath.slice(1));

/** An empty project with the tarballs installed as a user's npm would. */
async function install(project, packed) {
  const dependencies = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const overrides = Object.fromEntries(packed.map(({ name }) => [name, `$${name}`]));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies, overrides }));
  const { code, output } = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'], { cwd: project, env: plainEnv() });
  return code === 0 ? [] : [`npm install of the tarballs failed:\n${output}`];
}

/** Type-checks tests/packed/consumer.ts and an import of every entry, as Node and as a bundler resolve them. */
async function typeCheck(project, packed) {
  writeFileSync(join(project, 'entries.ts'), packed.flatMap(entriesOf).map((entry, i) => `import * as entry${i} from '${entry}';\nexport { entry${i} };\n`).join(''));
  const files = ['entries.ts'];
  if (existsSync(join(tests, 'consumer.ts'))) {
    cpSync(join(tests, 'consumer.ts'), join(project, 'consumer.ts'));
    files.push('consumer.ts');
  }
  const problems = [];
  for (const [module, moduleResolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']]) {
    const compilerOptions = { module, moduleResolution, target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [], strict: true, noEmit: true, skipLibCheck: true };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const { code, output } = await tool('typescript/bin/tsc', ['-p', project, '--pretty', 'false']);
    if (code === 0) continue;
    const messages = output.trim().split(/\n(?! )/).map((message) => message.replace(/^.*\/(?=\w+\.ts)/, ''));
    problems.push(...messages.filter((message) => !problems.some((problem) => problem.endsWith(message))).map((message) => `types (${moduleResolution}): ${message}`));
  }
  return problems;
}

/** Runs the consumers one after the other and returns what failed and what none of them called. */
async function runConsumers(project, packed) {
  cpSync(join(tests, 'run-consumer.mjs'), join(project, 'run-consumer.mjs'));
  cpSync(join(tests, 'expect.mjs'), join(project, 'expect.mjs'));
  mkdirSync(join(project, 'consumers'));
  const node = (...args) => run(process.execPath, ['run-consumer.mjs', ...args], { cwd: project, seconds: 120 });
  const wrapped = await node('wrap', ...packed.map(({ name }) => name));
  if (wrapped.code !== 0) return { problems: [wrapped.output], notes: [] };
  const { functions, failures: problems } = readJson(join(project, 'wrapped.json'));
  const called = new Set();
  for (const file of readdirSync(join(tests, 'consumers')).filter((name) => name.endsWith('.mjs'))) {
    cpSync(join(tests, 'consumers', file), join(project, 'consumers', file));
    const { code, output } = await node(`consumers/${file}`);
    if (code !== 0) problems.push(`tests/packed/consumers/${file}:\n${output.trim().split('\n').slice(0, 12).join('\n')}`);
    else readJson(join(project, `consumers/${file}.called.json`)).forEach((name) => called.add(name));
  }
  const missed = functions.filter((name) => !called.has(name));
  // What a consumer that failed would have called is not known.
  if (problems.length === 0) problems.push(...missed.map((name) => `${name} is public but no consumer in tests/packed/consumers calls it.`));
  return { problems, notes: [`consumers called ${functions.length - missed.length} of ${functions.length} public functions on Node ${process.versions.node}`] };
}

export async function check() {
  const packed = await tarballs();
  const project = mkdtempSync(join(tmpdir(), 'llm-packed-'));
  try {
    const problems = await install(project, packed);
    if (problems.length > 0) return { problems };
    problems.push(...await typeCheck(project, packed));
    const { problems: found, notes } = await runConsumers(project, packed);
    return { problems: [...problems, ...found], notes };
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}
