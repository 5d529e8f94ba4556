// Every exported function has a docstring.
import { packages, shown, sources, syntax } from './workspace.mjs';

const isFunction = (node) => node != null && /^(FunctionDeclaration|TSDeclareFunction|ArrowFunctionExpression|FunctionExpression)$/.test(node.type);

/** The exported functions of a file that no doc comment stands above; of overloads the first counts. */
function undocumented(file) {
  const told = new Set();
  return syntax(file).body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || node.declaration === null) return [];
    const { declaration } = node;
    const names = isFunction(declaration) ? [declaration.id.name]
      : (declaration.declarations ?? []).filter(({ init }) => isFunction(init)).map(({ id }) => id.name);
    if (file.text.slice(0, node.start).trimEnd().endsWith('*/')) names.forEach((name) => told.add(name));
    return names.filter((name) => !told.has(name)).map((name) => `${shown(file.path)}: ${name} has no docstring.`);
  });
}

export const check = () => ({ problems: packages().flatMap(sources).filter(({ role }) => role === 'src').flatMap(undocumented) });
