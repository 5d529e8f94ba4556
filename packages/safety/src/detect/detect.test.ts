import { describe, expect, test } from 'vitest';
import { anomalyBaseline, anomalyDetector } from './anomaly.ts';
import { contentDetector, intentDetector } from './classified.ts';
import type { WatchedToken } from './detector.ts';

const noise = (i: number): number => Math.abs(Math.sin(12.9898 * (i + 1)) * 43758.5453) % 1;
const normal = (count: number, seed = 0): WatchedToken[] => Array.from({ length: count }, (_, i) => ({ id: Math.floor(noise(i + seed) * 500), logprob: -2 - 2 * noise(i + seed + 7), entropy: 3 + noise(i + seed + 11) }));
const baseline = anomalyBaseline([normal(400), normal(300, 900)], { window: 16 });
const run = (tokens: readonly WatchedToken[]) => {
  const watch = anomalyDetector({ window: 16, baseline }).tokens!();
  return tokens.map((token) => watch(token)).find((finding) => finding !== undefined);
};

describe('anomalyDetector', () => {
  test('what is usual is let through, from fresh generations too', () => {
    for (const seed of [5000, 6000, 7000]) expect(run(normal(200, seed))).toBeUndefined();
  });

  test.each([
    ['high surprise', (token: WatchedToken) => ({ ...token, logprob: -9 })], ['low surprise', (token: WatchedToken) => ({ ...token, logprob: -0.01 })],
    ['high entropy', (token: WatchedToken) => ({ ...token, entropy: 8 })], ['low entropy', (token: WatchedToken) => ({ ...token, entropy: 0 })], ['high surprise', (token: WatchedToken) => ({ ...token, logprob: -Infinity })],
  ] satisfies [string, (token: WatchedToken) => WatchedToken][])('%s', (label, change) => {
    const tokens = [...normal(40, 5000), ...normal(40, 5100).map((token): WatchedToken => change(token))];
    expect(run(tokens)).toMatchObject({ detector: 'anomaly', label, threshold: 4 });
  });

  test('a logarithm that is no number is an anomaly', () => {
    expect(run(normal(40, 5000).map((token, i) => (i === 20 ? { ...token, logprob: NaN } : token)))).toBeDefined();
  });

  test('loops are seen without a baseline, and each generation by itself', () => {
    const detector = anomalyDetector({ window: 12 });
    const watch = detector.tokens!();
    const found = Array.from({ length: 30 }, (_, i) => watch({ id: i % 3 })).findIndex((finding) => finding?.label === 'repetition');
    expect(found).toBe(11);
    const again = detector.tokens!();
    expect(again({ id: 0 })).toBeUndefined();
    expect(Array.from({ length: 30 }, (_, i) => again({ id: i })).every((finding) => finding === undefined)).toBe(true);
  });

  test('a baseline needs windows', () => {
    expect(() => anomalyBaseline([normal(20)], { window: 16 })).toThrow(/at least two windows of 16 tokens but found 1/);
    expect(anomalyBaseline([normal(64).map(({ id, logprob }) => ({ id, logprob }))], { window: 16 }).entropy).toBeUndefined();
  });
});

describe('intent and content', () => {
  test('one bad sentence in a long text', async () => {
    // As a linear classifier does: the share of bad words.
    const classify = (text: string) => ({ harm: (text.match(/bad/g)?.length ?? 0) / text.split(' ').length, labels: { bad: 1 } });
    const text = `${'All is well here. '.repeat(20)}Do bad bad. ${'And so on. '.repeat(20)}`;
    expect(classify(text).harm).toBeLessThan(0.05);
    expect(await contentDetector(classify).content!(text)).toEqual({ detector: 'content', label: 'bad', score: expect.closeTo(2 / 3, 12) as number, threshold: 0.5 });
    expect(await intentDetector(classify, { threshold: 0.7, name: 'mine' }).intent!(text)).toBeUndefined();
  });

  test('a classifier that is broken lets nothing through', async () => {
    expect(await intentDetector(() => ({ harm: NaN, labels: {} })).intent!('hello')).toMatchObject({ label: 'harm' });
    await expect(async () => contentDetector(() => { throw new Error('away'); }).content!('hello')).rejects.toThrow('away');
  });
});
