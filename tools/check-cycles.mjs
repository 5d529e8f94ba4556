// No file reaches itself through imports (types included), and no package through its dependencies.
import { dirname, resolve } from 'node:path';
import { imports, packages, shown, sources } from './workspace.mjs';

/** One cycle per strongly tangled place of a graph given as Map<node, node[]>, each as the list of its nodes. */
export function cycles(graph) {
  const found = [];
  const done = new Set();
  const path = [];
  const visit = (node) => {
    const at = path.indexOf(node);
    if (at >= 0) return void found.push([...path.slice(at), node]);
    if (done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return found;
}

export function check() {
  const all = packages();
  const between = new Map(all.map(({ name, json }) => [
    name, Object.keys({ ...json.dependencies, ...json.devDependencies, ...json.peerDependencies }).filter((key) => key.startsWith('@llm/')),
  ]));
  const files = new Map(all.flatMap((pkg) => sources(pkg)).map((file) => [
    file.path, imports(file).filter((specifier) => specifier.startsWith('.')).map((specifier) => resolve(dirname(file.path), specifier)),
  ]));
  return {
    problems: [
      ...cycles(between).map((cycle) => `packages depend in a circle: ${cycle.join(' -> ')}.`),
      ...cycles(files).map((cycle) => `files import in a circle: ${cycle.map(shown).join(' -> ')}.`),
    ],
  };
}
