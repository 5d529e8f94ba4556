import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clusterPairs, nearDuplicates } from './clusters.ts';
import { createMinhashIndex } from './minhash-index.ts';
import { createMinhash, similarity, type Minhasher } from './minhash.ts';
import { createFastMinhash } from './fast-minhash.ts';
import { permuted32, smallest64 } from './permutations.ts';
import { sha1First64 } from './sha1.ts';
import { simplifyText } from './simplify-text.ts';
import { xxhash32, xxhash64 } from './xxhash.ts';

type Change = 'same' | 'upper' | 'longer' | 'word' | 'shorter';
type Hashed = (string | null)[];
interface Fixture {
  readonly documents: [number: number, change: Change, at: number][];
  readonly simplified: string[];
  readonly xxhash: Hashed;
  readonly sha1: Hashed;
  readonly narrow: Hashed;
  readonly narrowSha1: Hashed;
  readonly whole: [number, string];
  readonly removed: number[];
  readonly sizes: [number, number][];
  readonly hashes: [text: string, xx64: string, xx32: string, sha64: string, sha32: string][];
  readonly simple: [string, string][];
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8')) as T;
const fixture = read<Fixture>('minhash');
const known = read<[string, string][]>('gopher').map(([, text]) => text);
const bank = [...known, ...read<{ rows: [string | number][] }>('filters').rows.map(([text]) => text).filter((text) => typeof text === 'string')];

/** The same changes are made in make-minhash.py. */
function changed([number, change, at]: Fixture['documents'][number]): string {
  const text = bank[number] as string;
  const words = text.split(' ');
  if (change === 'upper') return text.toUpperCase();
  if (change === 'longer') return `${text} And this is new.`;
  if (change === 'word') return words.toSpliced(at % words.length, 0, 'changed').join(' ');
  return change === 'shorter' ? words.slice(Math.floor(words.length / 8)).join(' ') : text;
}
const texts = fixture.documents.map(changed);
const sha256 = (data: string | Uint8Array, length: number): string => createHash('sha256').update(data).digest('hex').slice(0, length);
const bytesOf = (signature: Uint32Array): Uint8Array => new Uint8Array(signature.buffer);
const hashedBy = (minhash: Minhasher): Hashed =>
  texts.map((text) => {
    const signature = minhash.signature(text);
    return signature ? sha256(bytesOf(signature), 10) : null;
  });

describe('as datatrove, byte for byte', () => {
  test('simplified texts', () => {
    expect(fixture.simple.map(([text]) => [text, simplifyText(text)])).toEqual(fixture.simple);
    expect(texts.map((text) => sha256(simplifyText(text), 8))).toEqual(fixture.simplified);
  });

  test('simplified texts, whatever stands before and behind a character', () => {
    // What the whole text comes to where one character of it needs the slow way, which is the definition.
    const slow = (text: string): string => simplifyText(`${text}Σ`).slice(0, -1);
    for (let i = 0; i < 0x1100; i += 4) {
      // Emoji, marks that go, and others.
      const [a, b, c] = [0x1eff0 + i + (i % 9), 0x300 + (i % 200), i % 3 === 0 ? 0xfe00 + (i % 32) : 0x1f300 + (i % 999)].map((code) => String.fromCodePoint(code)) as [string, string, string];
      for (const text of [`x ${a} ${b}${c} ${b} 1${b}y`, `${b} 1${c}${b}.5${a}${b}`]) expect([i, simplifyText(`${text}z`)]).toEqual([i, slow(`${text}z`)]);
    }
    expect(simplifyText('a \uff11 b')).toBe('a 0 b');
    for (const text of ['a \u0301', '\u0301 a', '\u0301', 'a\u0301 ', ' \u0301 ', '\ud83d', 'a\ud83d b', '\udf00\ud83c']) expect(simplifyText(text)).toBe(slow(`${text} `).trim());
    for (let code = 0; code < 0x3000; code += 7) {
      const text = `A1${String.fromCharCode(code)}2.${String.fromCharCode(code + 1)}${String.fromCharCode(code + 5)}z`;
      expect([code, simplifyText(text)]).toEqual([code, slow(text)]);
    }
  });

  test('hashes of strings of 0 to 200 characters', () => {
    for (const [text, ...expected] of fixture.hashes) {
      const bytes = new TextEncoder().encode(`x${text}`);
      const low = new Int32Array(1), high = new Int32Array(1);
      const number = (): string => String((BigInt((high[0] as number) >>> 0) << 32n) | BigInt((low[0] as number) >>> 0));
      xxhash64(bytes, 1, { end: bytes.length, low, high, at: 0 });
      const found = [number(), String(xxhash32(bytes, 1, bytes.length) >>> 0)];
      sha1First64(bytes, 1, { end: bytes.length, low, high, at: 0 });
      expect([text, ...found, number(), String((low[0] as number) >>> 0)]).toEqual([text, ...expected]);
    }
  });

  test('signatures of 64 bits by XXH64 and by SHA-1', () => {
    expect(texts.length).toBeGreaterThan(300);
    expect(hashedBy(createMinhash())).toEqual(fixture.xxhash);
    expect(hashedBy(createMinhash({ hash: 'sha1' }))).toEqual(fixture.sha1);
    const [number, hex] = fixture.whole;
    expect(Buffer.from(bytesOf(createMinhash().signature(texts[number] as string) as Uint32Array)).toString('hex')).toBe(hex);
  });

  test('signatures of 32 bits, other sizes and other seeds', () => {
    expect(hashedBy(createMinhash({ ngrams: 3, buckets: 10, hashesPerBucket: 3, seed: 7, precision: 32 }))).toEqual(fixture.narrow);
    expect(hashedBy(createMinhash({ ngrams: 2, buckets: 4, hashesPerBucket: 2, seed: 2 ** 31 + 5, precision: 32, hash: 'sha1' }))).toEqual(fixture.narrowSha1);
  });

  test('which documents go, and how large the groups are', () => {
    const index = createMinhashIndex(createMinhash());
    for (const text of texts) index.add(text);
    const { removed, sizes, keeper } = index.clusters();
    expect(fixture.removed.length).toBeGreaterThan(50);
    expect([...removed.keys()].filter((i) => removed[i] === 1)).toEqual(fixture.removed);
    for (const [document, size] of fixture.sizes) expect(sizes[document]).toBe(size);
    expect([...sizes].filter((size) => size > 1).length).toBe(fixture.sizes.length);
    for (let i = 0; i < texts.length; i++) expect(removed[keeper[i] as number]).toBe(0);
  });
});

/** 400 words of which `share` are others than those of the text with seed 0. */
function prose(seed: number, share: number): string {
  let state = seed * 2654435761 + 1;
  const next = (): number => (state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b1) >>> 0;
  return Array.from({ length: 400 }, (_, i) => (next() / 2 ** 32 < share ? `other${next() % 9999}` : `word${(i * 7919) % 3001}`).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] as string)).join(' ');
}
const runs = (text: string): Set<string> => {
  const words = simplifyText(text).split(' ');
  return new Set(words.slice(4).map((_, i) => words.slice(i, i + 5).join(' ')));
};

describe('fast', () => {
  const exact = createMinhash();
  const fast = createFastMinhash();

  test('estimates the similarity as well as the exact signatures do', () => {
    const off = { exact: 0, fast: 0 };
    const original = prose(0, 0);
    let pairs = 0;
    for (const share of [0.002, 0.01, 0.03, 0.1, 0.3]) {
      for (let seed = 1; seed <= 20; seed++) {
        const copy = prose(seed * 131 + Math.round(share * 1000), share);
        const [a, b] = [runs(original), runs(copy)];
        const common = [...a].filter((run) => b.has(run)).length;
        const truth = common / (a.size + b.size - common);
        for (const [name, minhash] of [['exact', exact], ['fast', fast]] as const) off[name] += Math.abs(similarity(minhash.signature(original) as Uint32Array, minhash.signature(copy) as Uint32Array, minhash) - truth);
        pairs++;
      }
    }
    // The expected error of 112 values is √(2 s (1 − s) / (112 π)), at most 0.038 for s = 1/2.
    expect(off.exact / pairs).toBeLessThan(0.035);
    expect(off.fast / pairs).toBeLessThan(0.035);
  });

  test('is closer for texts of few words', () => {
    const off = { exact: 0, fast: 0 };
    for (let seed = 1; seed <= 150; seed++) {
      const original = prose(seed, 1).split(' ').slice(0, 30);
      const [a, b] = [original.join(' '), original.toSpliced(seed % 30, 1, 'changed').join(' ')];
      const [x, y] = [runs(a), runs(b)];
      const common = [...x].filter((run) => y.has(run)).length;
      for (const [name, minhash] of [['exact', exact], ['fast', fast]] as const) off[name] += Math.abs(similarity(minhash.signature(a) as Uint32Array, minhash.signature(b) as Uint32Array, minhash) - common / (x.size + y.size - common));
    }
    expect(off.fast / 150).toBeLessThan(0.03);
    expect(off.fast).toBeLessThan(off.exact);
  });

  test('decides on the fixture as the exact signatures do, but for a few', () => {
    const goes = (minhash: Minhasher): Uint8Array => {
      const index = createMinhashIndex(minhash);
      for (const text of texts) index.add(text);
      return index.clusters().removed;
    };
    const [a, b] = [goes(exact), goes(fast)];
    const same = a.filter((removed, i) => removed === b[i]).length / a.length;
    expect(same).toBeGreaterThan(0.95);
  });

  test('a text of fewer words than a run has no signature, of as many one', () => {
    for (const minhash of [exact, fast]) {
      expect(minhash.signature('')).toBeUndefined();
      expect(minhash.signature('one two three four')).toBeUndefined();
      const one = minhash.signature('one two three four five') as Uint32Array;
      expect(similarity(one, minhash.signature('One, two; three four FIVE!') as Uint32Array, minhash)).toBe(1);
      expect(similarity(one, minhash.signature('one two three four six') as Uint32Array, minhash)).toBe(0);
    }
  });
});

test('arithmetic modulo 2⁶¹ − 1 is that of BigInt, where it wraps and where it does not', () => {
  const p = (1n << 61n) - 1n;
  const edges = [0n, 1n, 5n, p - 2n, p - 1n, (1n << 32n) - 1n, 1n << 32n, (1n << 60n) + 3n];
  const hashes = [...edges, p, p + 1n, (1n << 64n) - 1n, (1n << 63n) - 5n, 0x123456789abcdefn];
  const half = (list: readonly bigint[], shift: bigint): Int32Array => Int32Array.from(list, (each) => Number((each >> shift) & 0xffffffffn));
  const value = (a: bigint, x: bigint, b: bigint): bigint => BigInt.asUintN(64, a * x + b) % p;
  for (const b of edges) {
    const permutations = { count: edges.length, aLow: half(edges, 0n), aHigh: half(edges, 32n), bLow: half(edges.map(() => b), 0n), bHigh: half(edges.map(() => b), 32n) };
    // Alone, and all together, where values that are passed over count.
    for (const list of [...hashes.map((hash) => [hash]), hashes, hashes.toReversed()]) {
      const found = smallest64(permutations, { low: half(list, 0n), high: half(list, 32n), count: list.length });
      const expected = edges.map((a) => list.map((x) => value(a, x, b)).reduce((x, y) => (x < y ? x : y)));
      expect(edges.map((_, k) => ((BigInt(found[2 * k + 1] as number) << 32n) | BigInt(found[2 * k] as number)))).toEqual(expected);
    }
    for (const x of [0n, 1n, 0xffffffffn, 0x80000001n]) expect(edges.map((_, k) => permuted32(permutations, k, Number(x)))).toEqual(edges.map((a) => Number(value(a, x, b) & 0xffffffffn)));
  }
});

describe('groups', () => {
  test('the first of a pair stays, and the root of the larger group', () => {
    const pairs = [[4, 1], [2, 3], [0, 2], [1, 0]] as const;
    const { removed, keeper, sizes } = clusterPairs(6, (pair) => pairs.forEach(([a, b]) => pair(a, b)));
    expect([...keeper]).toEqual([2, 2, 2, 2, 2, 5]);
    expect([...removed]).toEqual([1, 1, 0, 1, 1, 0]);
    expect([...sizes]).toEqual([5, 5, 5, 5, 5, 1]);
  });

  test('a chain of 100 000 documents does not overflow the stack', () => {
    const { sizes } = clusterPairs(100_000, (pair) => {
      for (let i = 99_999; i > 0; i--) pair(i - 1, i);
    });
    expect(sizes[0]).toBe(100_000);
  });

  test('the filter wants the documents of the index and no more', () => {
    const filter = nearDuplicates({ removed: Uint8Array.of(0, 1), sizes: Uint32Array.of(2, 2) });
    expect(filter.check({ id: 'a', text: '' }).keep).toBe(true);
    expect(filter.check({ id: 'b', text: '' })).toEqual({ keep: false, reason: 'near_duplicate', measured: 2, threshold: 1, comparison: 'max' });
    expect(() => filter.check({ id: 'c', text: '' })).toThrow(/expected the 2 documents/);
  });

  test('112 bytes a document, however long', () => {
    const minhash = createFastMinhash();
    const index = createMinhashIndex(minhash);
    const signature = minhash.signature('one two three four five') as Uint32Array;
    for (let i = 0; i < 100_000; i++) index.addSignature(i % 2 === 0 ? signature.map((value) => value ^ i) : undefined);
    expect(index.bytes / index.size).toBeLessThan(118);
    expect(index.clusters().removed.some((each) => each === 1)).toBe(false);
    expect(() => index.addSignature(new Uint32Array(3))).toThrow(/found 3/);
  });
});

test('what is wrong with the numbers is said', () => {
  expect(() => createMinhash({ ngrams: 0 })).toThrow(/found ngrams = 0/);
  expect(() => createMinhash({ buckets: 1.5 })).toThrow(/found buckets = 1.5/);
  expect(() => createFastMinhash({ hashesPerBucket: 0 })).toThrow(/found hashesPerBucket = 0/);
});
