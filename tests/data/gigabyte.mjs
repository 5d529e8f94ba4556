// Cleans a large seeded text with the built `llm data`, undisturbed and again while it is killed at random moments, and compares
// every byte of the result. Prints a JSON object; fails where anything is lost, doubled or different.
//   node tests/data/gigabyte.mjs --megabytes 1000 --kills 6 --workers 2 --recipe documentation
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../tools/seeded-random.mjs';

const CLI = fileURLToPath(new URL('../../packages/pipeline/dist/cli.js', import.meta.url));
const PARAGRAPHS = ['../../README.md', '../../CONTRIBUTING.md', '../../docs/architecture.md', '../../packages/data-quality/README.md'];

/** Documents made of words of our own documentation, as JSON Lines: some too short, some twice, some with one word changed. */
export async function writeCorpus(file, { bytes, seed }) {
  const random = seededRandom(seed);
  const words = PARAGRAPHS.flatMap((path) => readFileSync(new URL(path, import.meta.url), 'utf8').split(/\s+/)).filter((word) => /^[A-Za-z][a-z]*[.,]?$/.test(word));
  const common = ['the', 'of', 'and', 'that', 'with', 'to', 'be', 'have'];
  const text = () => {
    const lines = [];
    for (let line = random() < 0.05 ? 1 : 4 + Math.floor(20 * random()); line > 0; line--) {
      lines.push(`${Array.from({ length: 8 + Math.floor(16 * random()) }, () => (random() < 0.3 ? common[Math.floor(random() * common.length)] : words[Math.floor(random() * words.length)])).join(' ')}.`);
    }
    return lines.join('\n');
  };
  const out = createWriteStream(file);
  let [written, documents, last] = [0, 0, text()];
  while (written < bytes) {
    const lines = [];
    for (let i = 0; i < 256 && written < bytes; i++) {
      const kind = random();
      if (kind >= 0.1) last = text();
      else if (kind >= 0.05) last = last.replace(/\w+\.$/, 'otherwise.');
      const line = `${JSON.stringify({ id: `d${documents++}`, text: last })}\n`;
      lines.push(line);
      written += line.length;
    }
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return documents;
}

/** Largest resident memory of a process so far, in MiB; undefined where the system does not tell. */
function peakMib(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Runs the command; `killAfterMs` ends it, or with `worker` one of its workers, wherever they are. */
export async function runData(input, out, { workers, recipe, shardMib, cli = CLI, killAfterMs, worker = false }) {
  const argv = ['data', input, '--out', out, '--recipe', recipe, '--workers', String(workers), '--shard-mib', String(shardMib), '--json', ...(recipe === 'fineweb' ? ['--fast-minhash'] : [])];
  const started = performance.now();
  const child = spawn(process.execPath, [cli, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text; });
  const peaks = new Map();
  const look = setInterval(() => {
    for (const pid of [child.pid, ...childrenOf(child.pid)]) {
      const mib = peakMib(pid);
      if (mib > 0) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, mib));
    }
  }, 100);
  const kill = killAfterMs === undefined ? undefined : setTimeout(() => {
    const [victim] = worker ? childrenOf(child.pid) : [];
    try {
      // The whole group, as a machine that is switched off; or one worker, as a system that is short of memory does it.
      process.kill(victim ?? -child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }, killAfterMs);
  const [code, signal] = await once(child, 'close');
  clearInterval(look);
  clearTimeout(kill);
  const [main = 0, ...others] = [...peaks].sort(([a], [b]) => (a === child.pid ? -1 : b === child.pid ? 1 : 0)).map(([, mib]) => mib);
  return { code, signal, stdout, stderr, seconds: (performance.now() - started) / 1000, peakMib: { main: Math.round(main), worker: Math.round(Math.max(0, ...others)) } };
}

/** The SHA-256 of every file of a result, by name. */
export function hashesOf(folder) {
  const hashes = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (entry.isFile() && !name.startsWith('run')) hashes[name] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return Object.fromEntries(Object.entries(hashes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const check = (ok, expected, found) => {
  if (!ok) throw new Error(`gigabyte: expected ${expected} but found ${found}.`);
};

/** The whole experiment; throws where it fails. */
export async function gigabyte({ megabytes = 1000, kills = 6, workers = availableParallelism(), recipe = 'documentation', shardMib = 64, seed = 1, cli = CLI, log = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gigabyte-'));
  const random = seededRandom(seed + 1);
  try {
    const input = join(folder, 'text.jsonl');
    const documents = await writeCorpus(input, { bytes: 1e6 * megabytes, seed });
    log(`${documents} documents, ${statSync(input).size} bytes`);
    const options = { workers, recipe, shardMib, cli };
    let small;
    if (megabytes >= 100) {
      const tenth = join(folder, 'tenth.jsonl');
      await writeCorpus(tenth, { bytes: 1e5 * megabytes, seed });
      small = await runData(tenth, join(folder, 'small'), options);
      check(small.code === 0, 'the small run to end', `code ${small.code}: ${small.stderr}`);
      log(`a tenth: ${small.seconds.toFixed(1)} s, ${JSON.stringify(small.peakMib)} MiB`);
    }
    const whole = await runData(input, join(folder, 'whole'), options);
    check(whole.code === 0, 'the run to end', `code ${whole.code}: ${whole.stderr}`);
    log(`all: ${whole.seconds.toFixed(1)} s, ${JSON.stringify(whole.peakMib)} MiB`);
    const result = JSON.parse(whole.stdout);
    check(result.in.documents === documents, `${documents} documents in`, result.in.documents);
    const dropped = result.dropped.reduce((sum, row) => sum + row.documents, 0);
    check(result.kept.documents + dropped === documents, `${documents} documents kept or dropped`, result.kept.documents + dropped);
    const manifest = JSON.parse(readFileSync(join(folder, 'whole', 'manifest.json'), 'utf8'));
    const lines = (files) => files.reduce((sum, file) => sum + file.documents, 0);
    check(lines(manifest.decisions) === documents && lines(manifest.files) === result.kept.documents, 'a line for each document', `${lines(manifest.decisions)} decisions and ${lines(manifest.files)} documents`);

    let killed = 0;
    let runs = 0;
    const meant = (1000 * whole.seconds) / (kills + 1);
    for (; killed < kills; runs++) {
      check(runs < 10 * kills + 10, `${kills} kills`, `${killed} in ${runs} runs`);
      const worker = killed % 3 === 2;
      const { code, signal } = await runData(input, join(folder, 'killed'), { ...options, killAfterMs: 50 + 2 * random() * meant, worker });
      if (signal === 'SIGKILL' || (worker && code === 1)) killed++;
      // It was faster than the kill: from the beginning once more.
      else if (code === 0) rmSync(join(folder, 'killed'), { recursive: true });
      else check(false, 'a run that ends or is killed', `code ${code}`);
    }
    const last = await runData(input, join(folder, 'killed'), options);
    check(last.code === 0, 'the last run to end', `code ${last.code}: ${last.stderr}`);
    const [expected, found] = [hashesOf(join(folder, 'whole')), hashesOf(join(folder, 'killed'))];
    check(JSON.stringify(expected) === JSON.stringify(found), 'the bytes of the undisturbed run', Object.keys({ ...expected, ...found }).filter((name) => expected[name] !== found[name]).join(', '));
    return {
      megabytes, documents, kept: result.kept.documents, dropped: result.dropped.map(({ reason, documents: count }) => [reason, count]), workers, recipe, kills: killed, restarts: runs - killed, files: Object.keys(expected).length,
      seconds: whole.seconds, megabytesPerSecond: megabytes / whole.seconds, peakMibOfTenth: small?.peakMib, peakMib: whole.peakMib,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { megabytes: { type: 'string' }, kills: { type: 'string' }, workers: { type: 'string' }, recipe: { type: 'string' }, 'shard-mib': { type: 'string' }, seed: { type: 'string' }, cli: { type: 'string' } } });
  const { recipe, cli, 'shard-mib': shardMib, ...numbers } = values;
  const given = Object.fromEntries(Object.entries({ ...numbers, shardMib }).filter(([, value]) => value !== undefined).map(([key, value]) => [key, Number(value)]));
  console.log(JSON.stringify(await gigabyte({ ...given, ...(recipe === undefined ? {} : { recipe }), ...(cli === undefined ? {} : { cli }), log: console.error }), undefined, 2));
}
