// Whether WebGPU can be had in Node on this machine, and with which environment: on its graphics card, or else on SwiftShader,
// the imitation in software that Chromium brings along.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const probe = `
const { create, globals } = await import('webgpu');
Object.assign(globalThis, globals);
const adapter = await create([]).requestAdapter();
if (adapter === null) throw new Error('no adapter');
const { vendor, architecture, description } = adapter.info;
console.log(JSON.stringify([vendor, architecture, description].filter((part) => part !== '').join(' ')));
process.exit(0);`;

/** What the adapter calls itself in that environment, or why there is none. */
function ask(env) {
  const { status, stdout = '', stderr = '' } = spawnSync(process.execPath, ['--input-type=module', '-e', probe], { cwd: root, encoding: 'utf8', env: { ...process.env, ...env }, timeout: 60_000 });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (status === 0 && line.startsWith('"')) return { description: JSON.parse(line) };
  return { reason: /Cannot find package/.test(stderr) ? 'the package webgpu is not installed' : 'there is no driver' };
}

/** Folders in which Chromium may keep SwiftShader. */
function driverFolders(chromium) {
  const beside = chromium === undefined ? [] : [dirname(realpathSync(chromium))];
  return [...beside, '/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'].filter((folder) => existsSync(join(folder, 'vk_swiftshader_icd.json')));
}

/** { env, description } where WebGPU works, else { reason }. */
export function findWebgpu(chromium) {
  const own = ask({});
  if (own.description !== undefined) return { env: {}, description: own.description };
  for (const folder of driverFolders(chromium)) {
    const icd = join(folder, 'vk_swiftshader_icd.json');
    const env = {
      VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
      LD_LIBRARY_PATH: [folder, ...(process.env.LD_LIBRARY_PATH === undefined ? [] : [process.env.LD_LIBRARY_PATH])].join(delimiter),
    };
    const found = ask(env);
    if (found.description !== undefined) return { env, description: found.description };
  }
  return { reason: `${own.reason}, and no Chromium that brings SwiftShader. Install Chromium (Debian: apt install chromium)` };
}
