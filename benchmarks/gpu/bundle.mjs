// Makes one archive of everything that the benchmark needs on a Linux machine without a network: Node 24, Dawn, our code, and the
// Vulkan loader with X11's libraries for a driver that comes without them. `node benchmarks/gpu/bundle.mjs`, on Linux x64.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram, packageFolder } from './build.mjs';

const MOST_BYTES = 60e6;
const here = fileURLToPath(new URL('.', import.meta.url));
const name = 'llm-gpu-bench';
const out = join(here, 'dist');
const folder = join(out, name);

if (`${process.platform}-${process.arch}` !== 'linux-x64') throw new Error(`bundle: expected linux-x64 but found ${process.platform}-${process.arch}. Make the bundle on a machine like the one that it is for.`);

function run(command, args, { cwd = out } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error !== undefined || status !== 0) throw new Error(`bundle: expected ${command} ${args.join(' ')} to succeed but found: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
  return stdout.trim();
}

/** Copies a binary without its symbols, which nobody reads there. */
function placeBinary(from, to) {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
  try {
    run('strip', ['--strip-unneeded', to]);
  } catch (error) {
    console.warn(`${error.message}. It stays as it is, and larger.`);
  }
}

/** Unpacks Debian packages and keeps their libraries under the names that programs ask for, with their licences. */
function placeLibraries(packages, to) {
  const debs = join(out, 'debs');
  rmSync(debs, { recursive: true, force: true });
  mkdirSync(debs, { recursive: true });
  run('apt-get', ['download', ...packages], { cwd: debs });
  mkdirSync(to, { recursive: true });
  for (const deb of readdirSync(debs)) {
    const tree = join(debs, 'tree');
    run('dpkg-deb', ['-x', join(debs, deb), tree]);
    for (const file of readdirSync(join(tree, 'usr/lib/x86_64-linux-gnu'))) {
      const major = /^lib.*\.so\.\d+$/.exec(file);
      if (major !== null) cpSync(join(tree, 'usr/lib/x86_64-linux-gnu', file), join(to, file), { dereference: true });
    }
    const [owner] = readdirSync(join(tree, 'usr/share/doc'));
    const copyright = join(tree, 'usr/share/doc', owner, 'copyright');
    if (existsSync(copyright)) cpSync(copyright, join(folder, 'licenses', owner), { dereference: true });
    rmSync(tree, { recursive: true });
  }
  rmSync(debs, { recursive: true });
}

rmSync(folder, { recursive: true, force: true });
for (const part of ['licenses', 'icd', 'node_modules/webgpu/dist/linux-x64']) mkdirSync(join(folder, part), { recursive: true });
await buildProgram(folder);
copyFileSync(join(here, 'README.md'), join(folder, 'README.md'));

const node = run('npx', ['--yes', '--package=node@24', '--', 'node', '-p', 'process.execPath']).split('\n').at(-1);
placeBinary(node, join(folder, 'node'));
const licence = join(dirname(node), '../LICENSE');
if (existsSync(licence)) copyFileSync(licence, join(folder, 'licenses/node'));

const webgpu = packageFolder('webgpu');
for (const file of ['index.js', 'package.json', 'LICENSE.md']) copyFileSync(join(webgpu, file), join(folder, 'node_modules/webgpu', file));
placeBinary(join(webgpu, 'dist/linux-x64/dawn.node'), join(folder, 'node_modules/webgpu/dist/linux-x64/dawn.node'));

// Only ever in the bundle: libvulkan is Apache-2.0, X11's libraries are MIT.
try {
  placeLibraries(['libvulkan1'], join(folder, 'lib/vulkan'));
  placeLibraries(['libx11-6', 'libxext6', 'libxcb1', 'libxau6', 'libxdmcp6', 'libbsd0', 'libmd0'], join(folder, 'lib/x11'));
} catch (error) {
  console.warn(`${error.message}. The bundle goes without: the machine must have a Vulkan loader of its own.`);
}
// The driver can be entered through GLX's library, which wants X11, and through EGL's, which does not.
for (const [kind, library] of [['glx', 'libGLX_nvidia.so.0'], ['egl', 'libEGL_nvidia.so.0']]) {
  writeFileSync(join(folder, `icd/nvidia_${kind}.json`), JSON.stringify({ file_format_version: '1.0.1', ICD: { library_path: library, api_version: '1.3.0' } }));
}
writeFileSync(join(folder, 'bench'), '#!/bin/sh\nhere=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)\nexec "$here/node" "$here/run.mjs" "$@"\n');
chmodSync(join(folder, 'bench'), 0o755);

const archive = join(out, `${name}.tar.xz`);
run('tar', ['-c', '-I', 'xz -6 -T0', '-f', archive, name]);
const { size } = statSync(archive);
console.log(`${archive}: ${(size / 1e6).toFixed(1)} MB`);
if (size >= MOST_BYTES) {
  console.error(`bundle: expected less than ${MOST_BYTES / 1e6} MB but found ${(size / 1e6).toFixed(1)}. See what has grown in ${folder}.`);
  process.exitCode = 1;
}
