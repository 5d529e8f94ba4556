// Bundles this benchmark and the packages below it from their sources into a few files that need no node_modules but webgpu's.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

/** Where a package of the root is installed. */
export const packageFolder = (name) => realpathSync(join(root, 'node_modules', name));

/** tfjs is a dependency of @llm/tensor, and there must be one of it. */
const oneTfjs = {
  name: 'one-tfjs',
  setup: (build) => build.onResolve({ filter: /^@tensorflow\// }, ({ path, kind, pluginData }) => (
    pluginData === 'found' ? undefined : build.resolve(path, { kind, resolveDir: join(root, 'packages/tensor'), pluginData: 'found' })
  )),
};

/** Writes the bundle into a folder. The packages must have been built once, for what is generated. */
export async function buildProgram(folder) {
  mkdirSync(folder, { recursive: true });
  await bundle({
    entryPoints: [join(here, 'run.mjs'), join(here, 'program.mjs')], outdir: folder, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', platform: 'node', target: 'node20',
    conditions: ['@llm/source'], mainFields: ['module', 'main'], external: ['webgpu', './build.mjs'], plugins: [oneTfjs], legalComments: 'none', logLevel: 'error',
    banner: { js: 'import { createRequire as requireOf } from \'node:module\'; const require = requireOf(import.meta.url);' },
  });
  copyFileSync(join(here, 'torch_peer.py'), join(folder, 'torch_peer.py'));
  writeFileSync(join(folder, 'build.json'), JSON.stringify({ commit: commit(), built: new Date().toISOString(), webgpu: versionOf('webgpu'), toggles: toggles() }));
}

function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', 'packages') === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}

const versionOf = (name) => JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8')).version;

/** What the library asks of Dawn: it stands in one line. */
function toggles() {
  const [, found = 'unknown toggles'] = /DAWN_OPTIONS = \[(.*)\]/.exec(readFileSync(join(root, 'packages/kernels/src/gpu/find-adapter.ts'), 'utf8')) ?? [];
  return found.replaceAll('\'', '');
}
