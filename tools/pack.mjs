// The tarballs of the public packages as they would be published, packed once per process.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { cache, publicPackages, readJson, root } from './workspace.mjs';

let packed;

async function pack() {
  const folder = join(cache, 'tarballs');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { packageManager } = readJson(join(root, 'package.json'));
  const filters = publicPackages().flatMap(({ name }) => ['--filter', name]);
  const { code, output } = await run('npx', ['--yes', packageManager, ...filters, 'pack', '--pack-destination', folder], { env: plainEnv() });
  if (code !== 0) throw new Error(`pack: pnpm pack failed.\n${output}`);
  const files = readdirSync(folder);
  return publicPackages().map((pkg) => {
    const file = files.find((name) => name === `${pkg.name.slice(1).replace('/', '-')}-${pkg.json.version}.tgz`);
    if (file === undefined) throw new Error(`pack: expected a tarball of ${pkg.name} but found ${files.join(', ')}.`);
    return { ...pkg, tarball: join(folder, file) };
  });
}

/** [{ id, name, folder, json, tarball }] of every public package. */
export function tarballs() {
  packed ??= pack();
  return packed;
}

/** The environment without what an outer npm run put there, so that an inner npm looks at its own folder. */
export function plainEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_(config_(local_prefix|nodedir|prefix)|lifecycle_|package_)/.test(key)));
}

/** The files in a tarball, as paths inside the package. */
export async function filesOf(tarball) {
  const { output } = await run('tar', ['-tzf', tarball]);
  return output.trim().split('\n').map((line) => line.replace(/^package\//, ''));
}
