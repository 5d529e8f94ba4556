// What every check knows about the repository: its packages, their source files, and what a file imports and exports.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Scratch of the checks: removed and made again at will. */
export const cache = join(root, 'node_modules/.cache/checks');
/** A path as the reader of a message knows it. */
export const shown = (path) => relative(root, path).replaceAll('\\', '/');
export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Every package of the workspace, as { id: 'tensor', name: '@llm/tensor', folder, json }, in order of name. */
export function packages() {
  return readdirSync(join(root, 'packages')).sort()
    .map((id) => ({ id, name: `@llm/${id}`, folder: join(root, 'packages', id) }))
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .map((pkg) => ({ ...pkg, json: readJson(join(pkg.folder, 'package.json')) }));
}
export const publicPackages = () => packages().filter(({ json }) => !json.private);

/** Every file below a folder; node_modules and what builds write are left out. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (/^(node_modules|dist|generated|\..*)$/.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/**
 * The TypeScript files of a package as { path, role, text }; role is 'src', 'test' or 'bench'.
 * AssemblyScript (*.as.ts) is another language and is left out.
 */
export function sources({ folder }) {
  return filesBelow(join(folder, 'src'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.as.ts') && !path.endsWith('.d.ts'))
    .map((path) => ({
      path,
      role: path.endsWith('.test.ts') ? 'test' : path.endsWith('.bench.ts') ? 'bench' : 'src',
      text: readFileSync(path, 'utf8'),
    }));
}

const trees = new Map();
/** The syntax tree of a TypeScript file, in ESTree form. */
export function syntax({ path, text }) {
  if (!trees.has(path)) trees.set(path, parseAst(text, { lang: 'ts', astType: 'ts' }, path));
  return trees.get(path);
}

/** Calls `visit` on every node of a syntax tree. */
export function walk(node, visit) {
  if (Array.isArray(node)) return node.forEach((child) => walk(child, visit));
  if (node === null || typeof node !== 'object') return;
  if (typeof node.type === 'string') visit(node);
  for (const value of Object.values(node)) if (typeof value === 'object') walk(value, visit);
}

/** Every module that a file names: static and dynamic imports, re-exports and import types. */
export function imports(file) {
  const found = new Set();
  walk(syntax(file), (node) => {
    if (/^(ImportDeclaration|ExportNamedDeclaration|ExportAllDeclaration|ImportExpression|TSImportType)$/.test(node.type)
      && typeof node.source?.value === 'string') found.add(node.source.value);
  });
  return [...found];
}

/** 'a' of 'a/b', '@a/b' of '@a/b/c'; undefined for relative paths and what is built into Node. */
export function packageOf(specifier) {
  if (/^([./#]|node:)/.test(specifier)) return undefined;
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
