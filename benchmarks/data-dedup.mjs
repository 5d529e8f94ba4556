import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createFastMinhash, createMinhash } from '@llm/data-quality';

/** Markdown of the packages that are installed here, 2 to 60 kB each, no text twice, about `bytes` in all. */
function corpus(bytes) {
  const texts = new Set();
  let total = 0;
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (total >= bytes) return;
      if (entry.isDirectory()) walk(path);
      if (!entry.isFile() || !/\.md$/i.test(entry.name)) continue;
      const text = readFileSync(path, 'utf8');
      if (text.length < 2000 || text.length > 60_000 || texts.has(text)) continue;
      texts.add(text);
      total += Buffer.byteLength(text);
    }
  };
  walk(fileURLToPath(new URL('../node_modules/.pnpm', import.meta.url)));
  return { texts: [...texts], bytes: total };
}

/** Seconds of one call, or of the processor's time in it. */
function seconds(fn, cpu) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  fn();
  const { user, system } = process.cpuUsage(used);
  return cpu ? (user + system) / 1e6 : (performance.now() - start) / 1e3;
}

/** datatrove and datasketch in a process of their own, which pass over the documents once when asked; undefined where no Python has them. */
async function startPeer(file) {
  for (const python of process.env.PYTHON?.split(':') ?? ['python3', '/usr/bin/python3']) {
    const child = spawn(python, [fileURLToPath(new URL('data_dedup_peer.py', import.meta.url)), file], { env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }, stdio: ['pipe', 'pipe', 'pipe'] });
    let failure = '';
    child.on('error', ({ message }) => { failure = message; });
    child.stdin.on('error', () => {}); // it has ended: the missing answer says so
    child.stderr.setEncoding('utf8').on('data', (text) => { failure = `${failure}${text}`.slice(-2000); });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const read = async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${python}: ${failure.trim().split('\n').at(-1)}`);
      return JSON.parse(value);
    };
    try {
      await read();
      return {
        ask: (task) => {
          child.stdin.write(`${JSON.stringify(task)}\n`);
          return read();
        },
        close: () => child.stdin.end(),
      };
    } catch (error) {
      if (!/No module named|ENOENT/.test(error.message)) throw error;
    }
  }
  return undefined;
}

/** Signatures of the same documents, in turns; the least time of each counts. */
async function speed({ cpu }) {
  const { texts, bytes } = corpus(3_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'dedup-'));
  const file = join(folder, 'texts.json');
  try {
    writeFileSync(file, JSON.stringify(texts));
    const peer = await startPeer(file);
    const times = {};
    const note = (name, value) => { times[name] = Math.min(times[name] ?? Infinity, value); };
    const ours = { exact: createMinhash(), sha1: createMinhash({ hash: 'sha1' }), fast: createFastMinhash() };
    for (let round = 0; round < 3; round++) {
      for (const [name, minhash] of Object.entries(ours)) for (let i = 0; i < 3; i++) note(name, seconds(() => texts.forEach(minhash.signature), cpu));
      for (const task of ['datatrove', 'datatrove sha1', 'datasketch', 'datasketch bare']) if (peer) note(task, (await peer.ask({ task, cpu })).seconds);
    }
    peer?.close();
    const rate = (name) => bytes / times[name] / 1e6;
    const row = (name, own, other, more = '') => {
      const ratio = peer && rate(own) / rate(other);
      return { name, value: `${rate(own).toFixed(1)} MB/s`, figure: rate(own), ...(peer ? { ratio } : {}), note: peer ? `${ratio.toFixed(1)}× ${other} (${rate(other).toFixed(2)} MB/s)${more}` : 'no datatrove and datasketch (PYTHON=path of a Python that has them)' };
    };
    return [
      row('MinHash signatures, 112 values of 64 bits, XXH64', 'exact', 'datatrove'),
      row('MinHash signatures, 112 values of 64 bits, SHA-1', 'sha1', 'datatrove sha1'),
      row('MinHash signatures, fast, 112 values', 'fast', 'datasketch', peer && `, which simplifies texts as datatrove does; ${(rate('fast') / rate('datasketch bare')).toFixed(1)}× without that (${rate('datasketch bare').toFixed(2)} MB/s)`),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The most memory of a process that finds the near duplicates of a million short documents, and ten times as much as it grew by. */
function memory() {
  const script = fileURLToPath(new URL('data-dedup-memory.mjs', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'dedup-'));
  const run = (...args) => JSON.parse(execFileSync(process.execPath, [script, folder, ...args.map(String)], { encoding: 'utf8' }));
  try {
    const documents = 1_000_000;
    return ['index', 'shards'].map((way) => {
      if (way === 'shards') run('write', documents);
      const { baseBytes, peakBytes, seconds: taken, removed } = run(way, documents);
      const forTen = (baseBytes + 10 * (peakBytes - baseBytes)) / 1e9;
      return {
        name: `near duplicates of 10 M documents, ${way === 'index' ? 'all signatures in memory' : 'signatures in files'}`, value: `${forTen.toFixed(2)} GB`, figure: forTen,
        note: `1 M documents: ${(peakBytes / 1e6).toFixed(0)} MB at the most, ${(baseBytes / 1e6).toFixed(0)} MB before; ${taken.toFixed(1)} s, ${removed} removed`,
      };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** MinHash beside datatrove and datasketch, and what finding near duplicates takes in memory. */
export async function dataDedup({ cpu = false } = {}) {
  return [...await speed({ cpu }), ...memory()];
}
