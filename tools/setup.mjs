// The one entry behind every root script. Needs only Node and npm: fetches pnpm, installs from the frozen lockfile,
// builds what changed, then runs the task. Training and benchmarks run on Node 24 where it can be had.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [task, ...args] = process.argv.slice(2);
if (task === undefined && (process.env.npm_config_user_agent ?? '').startsWith('pnpm/')) process.exit(0);

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
delete env.npm_config_nodedir;

/** Runs a command in the repository root and stops with its exit code when it fails. */
function run(command, commandArgs, extra = {}) {
  const { status, signal } = spawnSync(command, commandArgs, {
    cwd: root, stdio: 'inherit', env, shell: process.platform === 'win32', ...extra,
  });
  if (signal) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}
/** The same for what the user works with: stays until it has saved and ended after Ctrl-C, and hands on what ends it from outside. */
function runInForeground(command, commandArgs, extra = {}) {
  const child = spawn(command, commandArgs, { cwd: root, stdio: 'inherit', env, ...extra });
  process.on('SIGINT', () => { if (!process.stdin.isTTY) child.kill('SIGINT'); }); // a terminal sends it to the child itself
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => { console.error(`setup: ${command} could not be started: ${error.message}`); process.exit(1); });
  child.on('exit', (status, signal) => process.exit(status ?? (signal === 'SIGKILL' ? 137 : 1)));
}
const pnpm = (...pnpmArgs) => run('npx', ['--yes', packageManager, ...pnpmArgs]);

/** True when node_modules was not installed from the lockfile as it is now. */
function stale() {
  const installed = join(root, 'node_modules/.pnpm/lock.yaml');
  if (!existsSync(installed)) return true;
  return readFileSync(installed, 'utf8') !== readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')
    && statSync(installed).mtimeMs < statSync(join(root, 'pnpm-lock.yaml')).mtimeMs;
}

/** The path of a Node 24 binary: V8 compiles relaxed SIMD to fused multiply-add only from there on. */
function fastNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const found = spawnSync('npx', ['--yes', '--package=node@24', '--', 'node', '-p', 'process.execPath'], {
    cwd: root, env, encoding: 'utf8', shell: process.platform === 'win32',
  });
  const path = found.stdout?.trim().split('\n').at(-1) ?? '';
  if (found.status === 0 && existsSync(path)) {
    console.log(`Node ${process.versions.node} has no fused multiply-add in WebAssembly: running on ${path} (npm package node@24).`);
    return path;
  }
  console.log(`Node 24 could not be fetched: running on Node ${process.versions.node}, at about half the speed.`);
  return process.execPath;
}

const build = (...filters) => pnpm('exec', 'turbo', 'run', 'build', ...filters, '--output-logs=errors-only', '--log-order=grouped');
const buildPackages = () => build('--filter=./packages/*');
const cli = join(root, 'packages/pipeline/dist/cli.js');

if (task === undefined || stale()) pnpm('install', '--frozen-lockfile');

/** Node's parent directory of the user, so that relative paths on the command line mean what they say. */
const userCwd = process.env.INIT_CWD ?? process.cwd();

const tasks = {
  build: () => build(),
  start: () => { buildPackages(); runInForeground(fastNode(), [cli, 'quickstart', ...args], { cwd: userCwd }); },
  llm: () => { buildPackages(); runInForeground(fastNode(), [cli, ...args], { cwd: userCwd }); },
  bench: () => { buildPackages(); run(fastNode(), ['benchmarks/run.mjs', ...args], { shell: false }); },
  test: () => { buildPackages(); run(process.execPath, ['tools/test.mjs', ...args], { shell: false }); },
  check: () => { buildPackages(); run(process.execPath, ['tools/check.mjs', ...args], { shell: false }); },
};
if (task !== undefined) {
  if (!(task in tasks)) {
    console.error(`setup: expected one of ${Object.keys(tasks).join(', ')} but found ${task}.`);
    process.exit(2);
  }
  tasks[task]();
}
