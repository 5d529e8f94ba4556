import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { seededRandom } from '../mixing/seeded-random.ts';
import { kMeans } from './k-means.ts';
import { largestProducts, plainLargestProducts } from './largest-products.ts';
import { semanticDedup } from './semantic-dedup.ts';

interface Case {
  readonly clusters: number;
  readonly keep: 'hard' | 'easy';
  readonly groups: number[][];
  readonly removed: number[];
  readonly similarity: number[];
  readonly match: number[];
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/semantic.json', import.meta.url), 'utf8')) as { dim: number; eps: number; rows: number[]; cases: Case[] };

const random = seededRandom(11);
const randomRows = (length: number): Float32Array => Float32Array.from({ length }, () => random(2001) / 1000 - 1);

test('compiled-products.ts was made of largest-products.as.ts as it is now', () => {
  const [source, compiled] = ['largest-products.as.ts', 'compiled-products.ts'].map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'));
  expect(compiled).toContain(createHash('sha256').update(source!).digest('hex'));
});

describe('largest products', () => {
  afterEach(() => void vi.unstubAllGlobals());

  test.each([[1, 1, 4], [2, 5, 8], [7, 3, 12], [33, 130, 4], [1030, 129, 8]])('%i rows, %i candidates, %i numbers: the compiled loop as the definition', (count, candidateCount, stride) => {
    const [rows, candidates, biases] = [randomRows(count * stride), randomRows(candidateCount * stride), randomRows(candidateCount)];
    for (const options of [{ stride }, { stride, biases }, { stride, earlier: true }]) {
      const others = 'earlier' in options ? rows : candidates;
      const [found, expected] = [largestProducts(rows, others, options), plainLargestProducts(rows, others, options)];
      expect([...found.indices]).toEqual([...expected.indices]);
      found.scores.forEach((score, i) => expect(score === expected.scores[i] || Math.abs(score - (expected.scores[i] as number)) < 1e-5).toBe(true));
    }
  });

  test('the first of equal candidates, and the definition without WebAssembly', () => {
    const rows = Float32Array.from({ length: 4 * 9 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    expect([...largestProducts(rows, rows, { stride: 4, earlier: true }).indices]).toEqual([-1, 0, 0, 0, 0, 0, 0, 0, 0]);
    vi.stubGlobal('WebAssembly', undefined);
    expect([...largestProducts(rows, rows, { stride: 4 }).indices]).toEqual(Array(9).fill(0));
  });
});

describe('k-means', () => {
  test('every row is with the nearest centroid, which is the mean of its rows', () => {
    const [stride, clusters] = [4, 5];
    const rows = randomRows(400 * stride);
    const { centroids, labels } = kMeans(rows, { stride, clusters, seed: 3 });
    const distance = (r: number, c: number): number => [0, 1, 2, 3].reduce((sum, i) => sum + ((rows[r * stride + i] as number) - (centroids[c * stride + i] as number)) ** 2, 0);
    labels.forEach((label, r) => expect([0, 1, 2, 3, 4].every((c) => distance(r, label) <= distance(r, c) + 1e-5)).toBe(true));
    for (let c = 0; c < clusters; c++) {
      const own = [...labels.keys()].filter((r) => labels[r] === c);
      expect(own.length).toBeGreaterThan(20);
      for (let i = 0; i < stride; i++) expect(own.reduce((sum, r) => sum + (rows[r * stride + i] as number), 0) / own.length).toBeCloseTo(centroids[c * stride + i] as number, 1);
    }
  });

  test('more rows than it is fitted to, and as many clusters as rows', () => {
    const rows = randomRows(2000 * 4);
    expect(new Set(kMeans(rows, { stride: 4, clusters: 3, seed: 1 }).labels).size).toBe(3);
    const few = randomRows(6 * 4);
    expect(new Set(kMeans(few, { stride: 4, clusters: 6, seed: 1 }).labels).size).toBe(6);
  });
});

describe('semanticDedup', () => {
  const embeddings = Float32Array.from(fixture.rows);
  const { dim, eps } = fixture;

  test.each(fixture.cases)('$clusters clusters, $keep: what goes by brute force over the clusters of scikit-learn', ({ clusters, keep, groups, removed, similarity, match }) => {
    const found = semanticDedup(embeddings, { dim, clusters, eps, keep });
    expect(groups.map((group) => new Set(group.map((i) => found.cluster[i])).size)).toEqual(groups.map(() => 1));
    expect(new Set(found.cluster).size).toBe(clusters);
    expect(removed.filter((gone) => gone === 1).length).toBeGreaterThan(15);
    expect([...found.removed]).toEqual(removed);
    expect([...found.match]).toEqual(match);
    found.similarity.forEach((value, i) => expect(Math.abs(value - (similarity[i] as number))).toBeLessThan(1e-5));
  });

  test('random: the seed decides the order, and every item that goes has one like it before it', () => {
    const of = (seed: number): ReturnType<typeof semanticDedup> => semanticDedup(embeddings, { dim, clusters: 1, eps, keep: 'random', seed });
    expect(of(1)).toEqual(of(1));
    expect([...of(1).removed]).not.toEqual([...of(2).removed]);
    const { removed, match, similarity } = of(3);
    const row = (i: number): number[] => fixture.rows.slice(i * dim, (i + 1) * dim);
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
    removed.forEach((gone, i) => {
      const [a, b] = [row(i), row(match[i] as number)];
      if (match[i] !== i) expect(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toBeCloseTo(similarity[i] as number, 4);
      expect(gone).toBe((similarity[i] as number) >= 1 - eps ? 1 : 0);
    });
  });

  test('faults', () => {
    expect(() => semanticDedup(embeddings, { dim: 11 })).toThrow(/found 2100 numbers/);
    expect(() => semanticDedup(embeddings.subarray(0, 20), { dim })).toThrow(/from 1 to 2 clusters, no more than embeddings, but found 100/);
    expect(() => semanticDedup(new Float32Array(8), { dim: 4, clusters: 1 })).toThrow(/found embedding 0 of squared length 0/);
    expect(() => semanticDedup(Float32Array.of(1, 2, Number.NaN, 1), { dim: 2, clusters: 1 })).toThrow(/found embedding 1 of squared length NaN/);
    expect(() => semanticDedup(embeddings, { dim, eps: -1 })).toThrow(/found -1/);
    expect(() => semanticDedup(embeddings, { dim, keep: 'first' as 'hard' })).toThrow(/found "first"/);
  });
});
