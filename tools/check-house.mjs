// The house rules that a reader would otherwise have to remember: size of files, names, exports, and nothing of one machine.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filesBelow, packages, publicPackages, root, shown, sources, syntax } from './workspace.mjs';

const longest = 300;
const long = 150;
const forbiddenName = /^(utils?|helpers?|manager|misc)\.\w+$/;
const binary = /\.(png|jpe?g|gif|ico|wasm|gz|zst|safetensors|gguf|onnx|bin|npy|woff2)$/;
// Written so that this file does not hold what it looks for.
const forbiddenText = [
  [/(?<![\w.-])\/(work|root|home)\/[\w.-]/, 'a path of one machine'],
  [/\.\.\/shared\b/, 'a path outside the repository'],
  [/registry\.npmjs|(?<![\w.-])pypi\.org|files\.pythonhosted|registry\.yarnpkg/, 'the host of a package registry'],
];

// A clone may belong to another user than the one who checks it.
const anyOwner = ['-c', 'safe.directory=*'];

/** Problems of the TypeScript of one package; files that are merely long are named in `notes`. */
function ofSources(pkg, notes) {
  return sources(pkg).flatMap((file) => {
    const problems = [];
    if (file.role !== 'src') return problems;
    const lines = file.text.trimEnd().split('\n').length;
    if (lines > longest) problems.push(`${shown(file.path)}: expected at most ${longest} lines but found ${lines}. One idea, one file.`);
    else if (lines > long) notes.push(`${shown(file.path)} has ${lines} lines; ${long} read more easily.`);
    for (const node of syntax(file).body) {
      if (node.type === 'ExportAllDeclaration') problems.push(`${shown(file.path)}: export *. Name what is exported.`);
      if (node.type === 'ExportDefaultDeclaration') problems.push(`${shown(file.path)}: default export. Give it a name.`);
    }
    return problems;
  });
}

/** What git tracks or would track, without what is ignored. */
const tracked = () => execFileSync('git', [...anyOwner, 'ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
  .split('\0').filter((file) => file !== '' && existsSync(join(root, file)) && statSync(join(root, file)).isFile());

function ofText(file) {
  if (binary.test(file) || statSync(join(root, file)).size > 4 << 20) return [];
  const text = readFileSync(join(root, file), 'utf8');
  return forbiddenText.flatMap(([pattern, what]) => {
    const at = text.search(pattern);
    return at < 0 ? [] : [`${file}:${text.slice(0, at).split('\n').length}: ${what} ('${text.slice(at, at + 30).split('\n')[0]}').`];
  });
}

/** Released packages that changed since the last tag need a sentence in .changeset. */
function ofChangesets() {
  const git = (...args) => execFileSync('git', [...anyOwner, ...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  let base;
  try { base = git('describe', '--tags', '--abbrev=0'); } catch { base = git('rev-list', '--max-parents=0', 'HEAD').split('\n')[0]; }
  const changed = new Set(git('diff', '--name-only', base, '--', 'packages').split('\n').filter((file) => /\/src\/.*(?<!\.test|\.bench)\.ts$/.test(file))
    .map((file) => `@llm/${file.split('/')[1]}`));
  const told = readdirSync(join(root, '.changeset')).filter((file) => file.endsWith('.md'))
    .map((file) => readFileSync(join(root, '.changeset', file), 'utf8')).join('\n');
  return publicPackages().filter(({ name }) => changed.has(name) && !told.includes(`'${name}'`) && !told.includes(`"${name}"`))
    .map(({ name }) => `${name} changed since ${base.slice(0, 12)} but no file in .changeset names it. Say in one sentence what a user sees.`);
}

export function check() {
  const notes = [];
  const files = tracked();
  const problems = [
    ...packages().flatMap((pkg) => ofSources(pkg, notes)),
    ...packages().filter(({ folder }) => !existsSync(join(folder, 'README.md'))).map(({ folder }) => `${shown(folder)}: no README.md.`),
    ...filesBelow(join(root, 'packages')).concat(filesBelow(join(root, 'tools')))
      .filter((path) => forbiddenName.test(basename(path))).map((path) => `${shown(path)}: name a file after its idea.`),
    ...files.flatMap(ofText),
    ...(/^\s+(resolution: \{.*)?tarball: ['"]?https?:/m.test(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'))
      ? ['pnpm-lock.yaml: holds download addresses. Install again from the default registry.'] : []),
    ...ofChangesets(),
  ];
  return { problems, notes };
}
