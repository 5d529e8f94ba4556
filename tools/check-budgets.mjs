// What importing a package costs a web page: its "." bundled and minified for browsers, gzipped, against budgets.json.
// tfjs is counted apart, since a page that uses tfjs has it already. Packages marked "node" are bundled for Node. Where a budget
// names "onDemand" kilobytes, what a package imports only when a function is called is counted apart as well, against these.
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { publicPackages, readJson, root } from './workspace.mjs';

const gzipped = (contents) => gzipSync(contents, { level: 9 }).length;

/** Bytes of what loads with the package, and of what loads later. */
async function gzippedBytes({ folder }, { platform, external, onDemand }) {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(folder, 'dist/index.js')],
    bundle: true, write: false, minify: true, format: 'esm', target: 'es2022', logLevel: 'silent', platform, external,
    ...(onDemand === undefined ? {} : { splitting: true, outdir: 'out', metafile: true, absWorkingDir: root }),
  });
  if (onDemand === undefined) return { first: outputFiles.reduce((sum, { contents }) => sum + gzipped(contents), 0), later: 0 };
  const loaded = new Set();
  const load = (path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { kind, path: next } of metafile.outputs[path].imports) if (kind === 'import-statement') load(next);
  };
  load('out/index.js');
  const sizes = { first: 0, later: 0 };
  for (const { path, contents } of outputFiles) sizes[loaded.has(relative(root, path)) ? 'first' : 'later'] += gzipped(contents);
  return sizes;
}

const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(8);

export async function check() {
  const problems = [];
  const notes = ['package                      kB   budget   + tfjs   (gzipped, everything the package exports)'];
  const budgets = readJson(join(root, 'tools/budgets.json'));
  for (const pkg of publicPackages()) {
    const budget = budgets[pkg.id];
    if (budget === undefined) {
      problems.push(`tools/budgets.json: no budget for ${pkg.id}. Add one.`);
      continue;
    }
    const platform = budget.platform ?? 'browser';
    try {
      const { onDemand } = budget;
      const { first: bytes, later } = await gzippedBytes(pkg, { platform, external: ['@tensorflow/*'], onDemand });
      const tfjs = (await gzippedBytes(pkg, { platform, external: [], onDemand })).first - bytes;
      notes.push(`${pkg.name.padEnd(22)}${kB(bytes)} ${kB(budget.kilobytes * 1000)} ${kB(tfjs)}${platform === 'node' ? '   for Node' : ''}${onDemand === undefined ? '' : `   on demand ${kB(later).trim()} of ${onDemand}`}`);
      if (onDemand !== undefined && later > onDemand * 1000) problems.push(`${pkg.name}: expected at most ${onDemand} kB gzipped on demand but found ${kB(later).trim()}. Make it smaller, or raise the budget and say why.`);
      if (bytes > budget.kilobytes * 1000) problems.push(`${pkg.name}: expected at most ${budget.kilobytes} kB gzipped but found ${kB(bytes).trim()}. Make it smaller, or raise the budget and say why.`);
    } catch (error) {
      problems.push(`${pkg.name} does not bundle for ${platform === 'node' ? 'Node' : 'browsers'}: ${error.message.split('\n').slice(0, 4).join('\n')}`);
    }
  }
  return { problems, notes };
}
