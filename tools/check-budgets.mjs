// What importing a package costs a web page: its "." bundled and minified for browsers, gzipped, against budgets.json.
// tfjs is counted apart, since a page that uses tfjs has it already. Packages marked "node" are bundled for Node.
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { publicPackages, readJson, root } from './workspace.mjs';

async function gzippedBytes({ folder }, { platform, external }) {
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'dist/index.js')],
    bundle: true, write: false, minify: true, format: 'esm', target: 'es2022', logLevel: 'silent', platform, external,
  });
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
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
      const bytes = await gzippedBytes(pkg, { platform, external: ['@tensorflow/*'] });
      const tfjs = await gzippedBytes(pkg, { platform, external: [] }) - bytes;
      notes.push(`${pkg.name.padEnd(22)}${kB(bytes)} ${kB(budget.kilobytes * 1000)} ${kB(tfjs)}${platform === 'node' ? '   for Node' : ''}`);
      if (bytes > budget.kilobytes * 1000) problems.push(`${pkg.name}: expected at most ${budget.kilobytes} kB gzipped but found ${kB(bytes).trim()}. Make it smaller, or raise the budget and say why.`);
    } catch (error) {
      problems.push(`${pkg.name} does not bundle for ${platform === 'node' ? 'Node' : 'browsers'}: ${error.message.split('\n').slice(0, 4).join('\n')}`);
    }
  }
  return { problems, notes };
}
