import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the bundle brings, where it is one. */
const brought = (name) => {
  const path = fileURLToPath(new URL(name, import.meta.url));
  return existsSync(path) ? path : undefined;
};

/** Where drivers put what the loader does not find by itself. */
const DRIVER_FOLDERS = ['/usr/local/nvidia/share/vulkan/icd.d', '/usr/local/nvidia/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
const LIBRARY_FOLDERS = ['/usr/local/nvidia/lib64', '/usr/local/nvidia/lib', '/usr/lib/x86_64-linux-gnu/nvidia/current', '/usr/lib64'];

const manifests = () => DRIVER_FOLDERS.filter(existsSync).flatMap((folder) => readdirSync(folder).filter((file) => /nvidia.*\.json$/.test(file)).map((file) => join(folder, file)));

/**
 * Environments in which the graphics card may be found, the plainest first: as it is; with the driver's own description; with the
 * loader that the bundle brings; with descriptions of ours for a driver that comes without; and with X11's libraries, which one of
 * the driver's two entrances wants. Setting what is there already changes nothing.
 */
export function vulkanEnvironments(env) {
  const folders = LIBRARY_FOLDERS.filter((folder) => existsSync(join(folder, 'libGLX_nvidia.so.0')) || existsSync(join(folder, 'libEGL_nvidia.so.0')));
  const libraries = [[], [brought('lib/vulkan')], [brought('lib/vulkan'), brought('lib/x11')]].map((each) => each.filter((path) => path !== undefined));
  const drivers = [undefined, ...manifests(), brought('icd/nvidia_glx.json'), brought('icd/nvidia_egl.json')];
  const seen = new Set();
  return libraries.flatMap((own) => [[], ...(folders.length > 0 ? [folders] : [])].flatMap((theirs) => drivers.map((driver, i) => {
    if (driver === undefined && i > 0) return undefined;
    const path = [...own, ...theirs, ...(env.LD_LIBRARY_PATH ?? '').split(':')].filter((part) => part !== '').join(':');
    const made = { ...env, XDG_RUNTIME_DIR: env.XDG_RUNTIME_DIR ?? '/tmp', ...(path === '' ? {} : { LD_LIBRARY_PATH: path }), ...(driver === undefined ? {} : { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver }) };
    const key = `${made.LD_LIBRARY_PATH}|${made.VK_DRIVER_FILES}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    return { env: made, how: [...(driver === undefined ? [] : [`VK_DRIVER_FILES=${driver}`]), ...(path === (env.LD_LIBRARY_PATH ?? '') ? [] : [`LD_LIBRARY_PATH=${path}`])].join(' ') || 'as it is' };
  }))).filter((each) => each !== undefined);
}

/** The driver's own tool. */
const SMI = 'nvidia-smi';

const output = (command, args) => {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000, env });
  return error === undefined ? `${stdout}${stderr}`.trim() : error.message;
};

/** What one wants to know where no card was found. */
export function diagnosis() {
  const linker = output('ldconfig', ['-p']).split('\n').filter((line) => /vulkan|nvidia|libX11\.|libXext\./i.test(line)).map((line) => line.trim());
  const folders = [...DRIVER_FOLDERS, ...LIBRARY_FOLDERS].filter(existsSync).map((folder) => `${folder}: ${readdirSync(folder).filter((file) => /nvidia|vulkan|\.json$/i.test(file)).slice(0, 40).join(' ')}`);
  return [
    `nvidia-smi: ${output(SMI, ['-L'])}`, `devices: ${existsSync('/dev') ? readdirSync('/dev').filter((name) => /nvidia|dri/.test(name)).join(' ') : ''}`,
    'libraries that the linker knows:', ...linker, 'folders:', ...folders,
    'A container sees Vulkan only where its driver was mounted with the capability graphics (NVIDIA_DRIVER_CAPABILITIES=all).',
  ].join('\n');
}

/** The driver, clocks and temperature, as the driver's own tool tells them. */
export function driverFacts() {
  const fields = ['name', 'driver_version', 'memory.total', 'clocks.sm', 'clocks.max.sm', 'clocks.mem', 'temperature.gpu', 'power.draw', 'power.limit', 'pstate'];
  const { status, stdout } = spawnSync(SMI, [`--query-gpu=${fields.join()}`, '--format=csv,noheader'], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) return undefined;
  const values = stdout.trim().split('\n')[0].split(', ');
  return Object.fromEntries(fields.map((field, i) => [field, values[i]]));
}

/** The first of these that is a Python with PyTorch. */
export function findPython(env) {
  const wanted = env.PYTHON?.split(':') ?? ['python3', '/usr/bin/python3', 'python'];
  const has = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)';
  return wanted.find((python) => spawnSync(python, ['-c', has], { env }).status === 0);
}
