// Writes the export map of every package: `node tools/exports.mjs`; the check (and `--check`) fails where it is not as written.
//   "."      src/index.ts
//   "./x"    src/x.ts, for every file that index.ts re-exports values from: one subpath per public idea;
//            src/x/x.ts and src/x/index.ts are "./x" as well, deeper files keep their path
//   "./node" src/node/index.ts or src/node.ts: what needs Node
// Files that no index names stay private. Generated files, cli.ts and workers are never entries.
// "files" is the same everywhere: dist and src without what only development needs.
// "sideEffects" lists the files whose import alone does something (a statement at the top level that is not a declaration).
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages, shown, sources, syntax } from './workspace.mjs';

const published = ['dist', 'src', '!src/**/*.test.ts', '!src/**/*.bench.ts', '!src/**/fixtures', '!dist/**/fixtures'];
const acts = /^(ExpressionStatement|IfStatement|For.*Statement|WhileStatement|TryStatement|BlockStatement|SwitchStatement|ThrowStatement)$/;

/** True when importing the file does something beyond declaring names. */
export const hasEffect = (file) => syntax(file).body.some((node) => acts.test(node.type)
  || (node.type === 'ImportDeclaration' && node.specifiers.length === 0));

/** The subpath of a source file: './rope' of 'rope.ts' and of 'rope/rope.ts'. */
function subpath(file) {
  const parts = file.replace(/\.ts$/, '').split('/');
  if (parts.at(-1) === 'index' || parts.at(-1) === parts.at(-2)) parts.pop();
  return `./${parts.join('/')}`;
}

const entry = (file) => ({
  '@llm/source': `./src/${file}`,
  types: `./dist/${file.replace(/\.ts$/, '.d.ts')}`,
  default: `./dist/${file.replace(/\.ts$/, '.js')}`,
});

/** { files, exports, sideEffects } as package.json should have them. */
export function exportMap(pkg) {
  const files = sources(pkg).filter(({ role }) => role === 'src');
  const index = files.find(({ path }) => path === join(pkg.folder, 'src/index.ts'));
  const ideas = index === undefined ? [] : syntax(index).body
    .filter(({ type, source, exportKind, specifiers = [] }) => type.startsWith('Export') && source?.value.startsWith('./')
      && exportKind !== 'type' && specifiers.some((specifier) => specifier.exportKind !== 'type'))
    .map(({ source }) => source.value.slice(2))
    .filter((file) => !/^generated\/|(^|[/-])(cli|worker)\.ts$/.test(file));
  const node = ['node/index.ts', 'node.ts'].filter((file) => existsSync(join(pkg.folder, 'src', file)));
  const map = new Map([...ideas, ...node].map((file) => [subpath(file), entry(file)]));
  // A generated file that is imported for its effect alone, which the walk over the sources leaves out.
  const generated = files.some((file) => syntax(file).body.some(({ type, specifiers, source }) => (
    type === 'ImportDeclaration' && specifiers.length === 0 && /(^|\/)generated\//.test(source.value))));
  const effects = files.filter((file) => !file.path.endsWith('/cli.ts') && hasEffect(file))
    .map(({ path }) => path.slice(pkg.folder.length + '/src/'.length)).sort();
  return {
    files: published,
    exports: {
      '.': entry('index.ts'),
      ...Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1))),
      './package.json': './package.json',
    },
    sideEffects: effects.length === 0 ? false : [
      ...effects.flatMap((file) => [`./dist/${file.replace(/\.ts$/, '.js')}`, `./src/${file}`]),
      ...(generated ? ['./dist/generated/*', './src/generated/*'] : []),
    ],
  };
}

export function check({ write = false } = {}) {
  const problems = [];
  for (const pkg of packages()) {
    const wanted = { ...pkg.json, ...exportMap(pkg) };
    if (JSON.stringify(wanted) === JSON.stringify(pkg.json)) continue;
    const path = join(pkg.folder, 'package.json');
    if (write) writeFileSync(path, `${JSON.stringify(wanted, null, 2)}\n`);
    problems.push(`${shown(path)}: files, exports or sideEffects are not as src has them. Run node tools/exports.mjs.`);
  }
  return { problems };
}

if (process.argv[1]?.endsWith('exports.mjs')) {
  const write = !process.argv.includes('--check');
  const { problems } = check({ write });
  for (const problem of problems) console.log(write ? problem.replace(/: .*/, ': written.') : problem);
  process.exit(write || problems.length === 0 ? 0 : 1);
}
