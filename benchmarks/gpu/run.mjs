// Measures the WebGPU device beside PyTorch: README.md says how. Each group of cases runs in a process of its own.
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openPeer } from './peer.mjs';
import { about, header, line } from './report.mjs';
import { diagnosis, driverFacts, findPython, vulkanEnvironments } from './vulkan.mjs';

/** What may be asked for, in the order in which it is measured, with the seconds each may take at most. */
const GROUPS = { matmul: 180, train: 270, attention: 120, decode: 90, memory: 60, tfjs: 120 };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false }, only: { type: 'string' }, json: { type: 'boolean', default: false }, out: { type: 'string' },
    seconds: { type: 'string', default: '570' }, batch: { type: 'string' }, 'any-adapter': { type: 'boolean', default: false }, 'no-torch': { type: 'boolean', default: false },
  },
});
const asked = options.only?.split(',') ?? Object.keys(GROUPS);
for (const name of asked) {
  if (name in GROUPS) continue;
  console.error(`gpu benchmark: expected --only with some of ${Object.keys(GROUPS).join(',')} but found ${name}.`);
  process.exit(2);
}
const whole = (name) => {
  const value = options[name] === undefined ? undefined : Number(options[name]);
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return value;
  console.error(`gpu benchmark: expected --${name} to be a whole number above zero but found ${options[name]}.`);
  process.exit(2);
};
const deadline = performance.now() + whole('seconds') * 1000;
const batch = whole('batch');

/** Where the bundle is: here, or made now from the sources beside this file. */
async function findProgram() {
  if (existsSync(new URL('build.json', import.meta.url))) return fileURLToPath(new URL('program.mjs', import.meta.url));
  const { buildProgram } = await import('./build.mjs');
  const folder = fileURLToPath(new URL('dist/program', import.meta.url));
  await buildProgram(folder);
  return join(folder, 'program.mjs');
}

const program = await findProgram();
const python = options['no-torch'] ? undefined : findPython(process.env);
const peer = python === undefined ? undefined : openPeer({ python, script: join(dirname(program), 'torch_peer.py'), env: process.env, quick: options.quick });
// It takes a while to load, and meanwhile the card is looked for.
const peerFacts = peer?.ask({ do: 'facts' }).catch((error) => ({ failed: error.message }));
let running;
process.on('exit', () => {
  running?.kill('SIGKILL');
  peer?.kill();
});
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) process.on(signal, () => process.exit(code));

/** Runs the program with a request; every message it sends goes to `hear`. Resolves to what went wrong, if anything, and what it said last. */
function runProgram(request, { env, seconds, hear }) {
  return new Promise((resolve) => {
    const child = fork(program, [], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    running = child;
    let said = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, seconds * 1000);
    child.stderr.setEncoding('utf8').on('data', (text) => { said = `${said}${text}`.slice(-4000); });
    child.on('message', (message) => hear(message, (answer) => { if (child.connected) child.send(answer, () => {}); }));
    child.on('error', () => {});
    child.send(request, () => {});
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running = undefined;
      const lines = said.trim().split('\n').filter((text) => !/^\s+at /.test(text));
      const problem = late ? `not finished after ${Math.round(seconds)} seconds` : `ended with ${signal ?? `code ${code}`}: ${lines.at(-1)}`;
      resolve({ said: lines, problem: code === 0 ? undefined : problem });
    });
  });
}

async function answer(ask, env) {
  let found;
  const { problem, said } = await runProgram({ ask }, { env, seconds: 60, hear: (message) => { found = message; } });
  return { ...found ?? { failed: problem ?? 'no answer' }, said };
}

/** The first environment that leads to a graphics card; with `quick` or `any-adapter`, else the first that leads to any adapter. */
async function findEnvironment() {
  const tried = [];
  let imitation;
  for (const candidate of vulkanEnvironments(process.env)) {
    const found = await answer('probe', candidate.env);
    const named = found.failed ?? `${found.description}${found.software ? ' (an imitation in software)' : ''}`;
    tried.push([`${candidate.how}: ${named}`, ...found.said.map((text) => `    ${text}`)].join('\n'));
    if (found.failed !== undefined) continue;
    if (found.vendor === 'nvidia' && !found.software) return candidate;
    imitation ??= candidate;
  }
  if (imitation !== undefined && (options.quick || options['any-adapter'])) return imitation;
  console.error(`gpu benchmark: expected an NVIDIA graphics card through Vulkan but found none. Use --quick to try the code anywhere, --any-adapter to measure what there is.\n${tried.join('\n')}\n${diagnosis()}`);
  process.exit(1);
}

const { env, how } = await findEnvironment();
const { said: _, ...card } = await answer('facts', env);
const facts = { date: new Date().toISOString(), quick: options.quick, how, driver: driverFacts(), ...card, peer: await peerFacts };
const rows = [];
const clocks = [];

/** Keeps what there is so far: a run that is cut off has then not been in vain. */
function save() {
  if (options.out === undefined) return;
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'gpu.json'), JSON.stringify({ about: facts, rows, clocks }, null, 1));
  writeFileSync(join(options.out, 'gpu.txt'), `${about(facts)}\n\n${header()}\n${rows.map(line).join('\n')}\n`);
}

const add = (row) => {
  rows.push(row);
  console.error(line(row));
  save();
};

for (const group of asked) {
  const left = (deadline - performance.now()) / 1000;
  if (left < 10) {
    add({ group, name: group, failed: 'no time was left. Use --only, or more --seconds.' });
    continue;
  }
  let done = false;
  clocks.push({ before: group, ...driverFacts() });
  const { problem, said } = await runProgram({ group, quick: options.quick, torch: peer !== undefined, batch }, {
    env, seconds: Math.min(GROUPS[group], left),
    hear({ row, done: finished, askPeer, id }, reply) {
      if (row !== undefined) add(row);
      if (finished) done = true;
      if (askPeer !== undefined) peer.ask(askPeer).then((answer) => reply({ answerTo: id, answer }), (error) => reply({ answerTo: id, error: error.message }));
    },
  });
  clocks.push({ after: group, ...driverFacts() });
  if (said.some((text) => text !== '')) console.error(said.join('\n'));
  // What a group leaves behind must not weigh on the next; a peer in the middle of something is started anew.
  if (done) await peer?.ask({ do: 'reset' }).catch(() => {});
  else peer?.kill();
  if (!done) add({ group, name: `${group}: the rest`, failed: problem ?? 'ended early' });
}
save();
if (options.json) console.log(JSON.stringify({ about: facts, rows, clocks }, null, 2));
else console.log(`\n${about(facts)}\n\n${header()}\n${rows.map(line).join('\n')}`);
process.exit(rows.some(({ failed }) => failed !== undefined) ? 1 : 0);
