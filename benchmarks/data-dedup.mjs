import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFastMinhash, createMinhash } from '@llm/data-quality';
import { filesBelow } from '../tools/files-below.mjs';
import { ONE_THREAD, pythonPeer } from './python-peer.mjs';
import { stopwatch } from './statistics.mjs';

/** Markdown of the packages that are installed here, 2 to 60 kB each, no text twice, about `bytes` in all. */
function corpus(bytes) {
  const texts = new Set();
  let total = 0;
  for (const path of filesBelow(fileURLToPath(new URL('../node_modules/.pnpm', import.meta.url)), /\.md$/i)) {
    if (total >= bytes) break;
    const text = readFileSync(path, 'utf8');
    if (text.length < 2000 || text.length > 60_000 || texts.has(text)) continue;
    texts.add(text);
    total += Buffer.byteLength(text);
  }
  return { texts: [...texts], bytes: total };
}

/** Signatures of the same documents, in turns; the least time of each counts. */
async function speed({ cpu }) {
  const { texts, bytes } = corpus(3_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'dedup-'));
  const file = join(folder, 'texts.json');
  try {
    writeFileSync(file, JSON.stringify(texts));
    const peer = await pythonPeer('data_dedup_peer.py', { args: [file], env: ONE_THREAD });
    const times = {};
    const note = (name, value) => { times[name] = Math.min(times[name] ?? Infinity, value); };
    const ours = { exact: createMinhash(), sha1: createMinhash({ hash: 'sha1' }), fast: createFastMinhash() };
    for (let round = 0; round < 3; round++) {
      for (const [name, minhash] of Object.entries(ours)) for (let i = 0; i < 3; i++) {
        const lap = stopwatch(cpu);
        texts.forEach(minhash.signature);
        note(name, lap());
      }
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
