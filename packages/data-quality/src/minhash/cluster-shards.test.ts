import { describe, expect, test } from 'vitest';
import { mix } from '../vocabulary.ts';
import { clusterPairs } from './clusters.ts';
import { clusterShards } from './cluster-shards.ts';
import { createMinhashIndex, type MinhashIndex } from './minhash-index.ts';
import { createFastMinhash } from './fast-minhash.ts';
import { createMinhash, type Minhasher } from './minhash.ts';
import { createPairFinder } from './pair-finder.ts';

/** 64-bit values that are random, but for buckets that a document shares with one of the 50 before it. */
function signaturesOf(count: number, { buckets, hashesPerBucket, limbs }: Minhasher): (Uint32Array | undefined)[] {
  let state = 1;
  const next = (): number => (state = mix(state + 0x9e3779b9)) >>> 0;
  const all: (Uint32Array | undefined)[] = [];
  const width = hashesPerBucket * limbs;
  for (let i = 0; i < count; i++) {
    if (next() % 20 === 0) {
      all.push(undefined);
      continue;
    }
    const signature = Uint32Array.from({ length: buckets * width }, () => next() >>> 3);
    const other = all[Math.max(0, i - 1 - (next() % 50))];
    if (other && next() % 3 === 0) {
      const bucket = next() % buckets;
      signature.set(other.subarray(bucket * width, (bucket + 1) * width), bucket * width);
    }
    all.push(signature);
  }
  return all;
}

const indexOf = (minhash: Minhasher, signatures: readonly (Uint32Array | undefined)[]): MinhashIndex => {
  const index = createMinhashIndex(minhash);
  for (const signature of signatures) index.addSignature(signature);
  return index;
};
const all = <T>(list: readonly T[], cuts: readonly number[]): T[][] => cuts.map((cut, i) => list.slice(i === 0 ? 0 : cuts[i - 1], cut));

describe('shards', () => {
  const minhash = createMinhash();
  const signatures = signaturesOf(6000, minhash);
  const cuts = [0, 1, 4097, 4100, 6000];
  const encoded = all(signatures, cuts).map((part) => indexOf(minhash, part).encode());

  test('what one index of all documents finds, document for document, and in pieces read from a file', async () => {
    const whole = indexOf(minhash, signatures).clusters();
    expect(whole.removed.filter((each) => each === 1).length).toBeGreaterThan(1000);
    let most = 0;
    const readers = encoded.map((bytes) => ({
      read: async (start: number, end: number) => {
        most = Math.max(most, end - start);
        return bytes.slice(start, end);
      },
    }));
    for (const shards of [encoded, readers]) {
      const found = await clusterShards(shards);
      expect(found.map(({ removed }) => removed.length)).toEqual([0, 1, 4096, 3, 1900]);
      for (const name of ['removed', 'keeper', 'sizes'] as const) expect(found.flatMap((each) => [...each[name]])).toEqual([...whole[name]]);
    }
    expect(most).toBe(8 * 4096);
    expect(encoded[2]?.length).toBe(32 + 112 * 4096);
  });

  test('groups are those of comparing every bucket with every other', () => {
    const few = signatures.slice(0, 700);
    const { removed, sizes } = indexOf(minhash, few).clusters();
    const joined = clusterPairs(few.length, (pair) => {
      const seen = new Map<string, number>();
      few.forEach((signature, i) => {
        if (!signature) return;
        for (let bucket = 0; bucket < 14; bucket++) {
          const key = `${bucket}: ${signature.subarray(16 * bucket, 16 * (bucket + 1)).join()}`;
          pair(seen.get(key) ?? i, i);
          seen.set(key, i);
        }
      });
    });
    expect([...sizes]).toEqual([...joined.sizes]);
    expect(removed.filter((each) => each === 1).length).toBe(joined.removed.filter((each) => each === 1).length);
  });

  test('no shards, and shards without documents', async () => {
    expect(await clusterShards([])).toEqual([]);
    expect((await clusterShards([indexOf(minhash, []).encode()]))[0]?.removed.length).toBe(0);
  });

  test('bytes at an odd place in memory', async () => {
    const bytes = encoded[2] as Uint8Array;
    const odd = new Uint8Array(bytes.length + 1).subarray(1);
    odd.set(bytes);
    const expected = (await clusterShards([bytes]))[0];
    // A Buffer's own slice does not copy.
    for (const each of [odd, Buffer.from(odd.buffer, 1)]) expect((await clusterShards([each]))[0]).toEqual(expected);
  });

  test('faults: cut off, other bytes, other settings, more documents than bytes', async () => {
    const bytes = encoded[2] as Uint8Array;
    const code = { code: 'E_MINHASH_SHARD' };
    await expect(clusterShards([bytes, bytes.subarray(0, -1)])).rejects.toMatchObject({ ...code, message: expect.stringMatching(/shard 1 but found 3 of them/) as string });
    await expect(clusterShards([bytes.subarray(0, 20)])).rejects.toMatchObject(code);
    await expect(clusterShards([new TextEncoder().encode('{"text": "a document, not a signature"}')])).rejects.toMatchObject({ ...code, message: expect.stringMatching(/found other bytes in shard 0/) as string });
    for (const other of [createMinhash({ seed: 2 }), createMinhash({ hash: 'sha1' }), createMinhash({ ngrams: 4 }), createFastMinhash()]) {
      await expect(clusterShards([bytes, indexOf(other, []).encode()])).rejects.toMatchObject({ ...code, message: expect.stringMatching(/found others in shard 1/) as string });
    }
    const forged = bytes.slice();
    new Uint32Array(forged.buffer)[2] = 2 ** 31 - 5;
    await expect(clusterShards([forged])).rejects.toMatchObject(code);
  });
});

test('pairs are neighbours in the order of keys and documents, one bucket after another', () => {
  const keys = [[7, 1], [3, 9], [7, 1], [0xffffffff, 0xffffffff], [3, 8], [7, 2], [0xffffffff, 0xffffffff], [3, 9], [7, 1]];
  const finder = createPairFinder(9);
  for (let round = 0; round < 2; round++) {
    const column = { keys: Uint32Array.from(keys.flat()), first: 10 };
    finder.mark(column);
    finder.collect(column);
    const found: number[][] = [];
    finder.pairs((a, b) => found.push([a, b]));
    expect(found).toEqual([[11, 17], [10, 12], [12, 18]]);
  }
});
