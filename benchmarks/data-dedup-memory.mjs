// node data-dedup-memory.mjs FOLDER write|index|shards DOCUMENTS: near duplicates of short made-up documents, as JSON on one line.
import { openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterShards, createFastMinhash, createMinhashIndex } from '@llm/data-quality';

const [folder, way, documents] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const SHARDS = 10;

let state = 1;
const random = (below) => {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * below);
};
const WORDS = Array.from({ length: 5000 }, (_, i) => [i % 17, i % 23, i % 13, i % 11].map((letter) => String.fromCharCode(97 + letter)).join(''));

/** 24 words; one of ten is an earlier one of the same shard with a word more. */
function* texts(count) {
  const kept = [];
  for (let i = 0; i < count; i++) {
    const known = kept.length > 0 && random(10) === 0;
    const text = known ? `${kept[random(kept.length)]} ${WORDS[random(5000)]}` : Array.from({ length: 24 }, () => WORDS[random(5000)]).join(' ');
    if (!known && kept.length < 1000) kept.push(text);
    yield text;
  }
}

const minhash = createFastMinhash();
for (const text of texts(2000)) minhash.signature(text);
const baseBytes = process.memoryUsage().rss;
const start = performance.now();
const file = (shard) => join(folder, `${shard}.minhash`);
let clusters = [];
if (way === 'index') {
  const index = createMinhashIndex(minhash);
  for (const text of texts(documents)) index.add(text);
  clusters = [index.clusters()];
} else if (way === 'write') {
  for (let shard = 0; shard < SHARDS; shard++) {
    const index = createMinhashIndex(minhash);
    for (const text of texts(documents / SHARDS)) index.add(text);
    writeFileSync(file(shard), index.encode());
  }
} else {
  const shards = Array.from({ length: SHARDS }, (_, shard) => {
    const open = openSync(file(shard), 'r');
    return {
      read: (from, to) => {
        const bytes = new Uint8Array(to - from);
        readSync(open, bytes, 0, bytes.length, from);
        return bytes;
      },
    };
  });
  clusters = await clusterShards(shards);
}
const removed = clusters.reduce((sum, each) => sum + each.removed.reduce((count, gone) => count + gone, 0), 0);
console.log(JSON.stringify({ baseBytes, peakBytes: process.resourceUsage().maxRSS * 1024, seconds: (performance.now() - start) / 1000, removed }));
