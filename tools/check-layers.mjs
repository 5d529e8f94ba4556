// The dependency law: a package imports only packages of a lower layer, declares what it imports and uses what it declares.
import { dirname, resolve } from 'node:path';
import { imports, packageOf, packages, readJson, root, shown, sources } from './workspace.mjs';

// Packages of one layer never import each other; a package that is not named here is a stage.
const layers = { kernels: 0, tensor: 1, tokenizer: 1, 'data-quality': 1, model: 2, train: 2, pipeline: 4 };
const stage = 3;
// What tests alone may use from their own layer. Only one way round, or builds would wait for each other.
const testsMayUse = { train: ['model'] };

const layerOf = (id) => layers[id] ?? stage;

/** Why `from` may not import `to` (both package ids), or undefined when it may. */
export function violation(from, to, role = 'src') {
  if (from === to) return 'import the file itself inside a package';
  if (to === 'testing') return role === 'src' ? '@llm/testing is for tests only' : undefined;
  if (from === 'testing') return '@llm/testing imports no other package of ours';
  if (role !== 'src' && testsMayUse[from]?.includes(to)) return undefined;
  if (layerOf(to) < layerOf(from)) return undefined;
  return layerOf(from) === stage && layerOf(to) === stage
    ? 'a stage never imports another stage: let the caller compose them'
    : 'imports point down the layers only';
}

/** Everything wrong with the imports of one package's files, and the package names they use by role. */
function importsOf(pkg, shared, problems) {
  const used = { src: new Set(), test: new Set() };
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = pkg.json;
  for (const file of sources(pkg)) {
    const role = file.role === 'src' ? 'src' : 'test';
    for (const specifier of imports(file)) {
      const where = `${shown(file.path)}: imports '${specifier}'`;
      if (specifier.startsWith('.') && !resolve(dirname(file.path), specifier).startsWith(`${pkg.folder}/src`)) {
        problems.push(`${where}, outside src of its package. Import the package by name.`);
      }
      const name = packageOf(specifier);
      if (name === undefined) continue;
      used[role].add(name);
      const why = name.startsWith('@llm/') ? violation(pkg.id, name.slice(5), role) : undefined;
      if (why !== undefined) problems.push(`${where}: ${why}.`);
      const declared = name in dependencies || name in peerDependencies
        || (role === 'test' && (name in devDependencies || name in shared));
      if (!declared) problems.push(`${where}, which package.json does not declare under ${role === 'src' ? 'dependencies' : 'devDependencies'}.`);
    }
  }
  return used;
}

export function check() {
  const problems = [];
  const { devDependencies: shared } = readJson(`${root}/package.json`);
  for (const pkg of packages()) {
    const used = importsOf(pkg, shared, problems);
    const where = shown(`${pkg.folder}/package.json`);
    const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = pkg.json;
    for (const [field, names, role] of [['dependencies', dependencies, 'src'], ['devDependencies', devDependencies, 'test']]) {
      for (const name of Object.keys(names)) {
        const why = name.startsWith('@llm/') ? violation(pkg.id, name.slice(5), role) : undefined;
        if (why !== undefined) problems.push(`${where}: ${field} has ${name}: ${why}.`);
        // An optional peer is loaded where it is needed, by a name that no import shows; to test that it must be here.
        if (!used[role].has(name) && !(name in peerDependencies)) problems.push(`${where}: ${field} has ${name}, which no ${role === 'src' ? 'source' : 'test'} imports. Remove it.`);
      }
    }
  }
  return { problems };
}
