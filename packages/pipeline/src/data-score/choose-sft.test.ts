import { expect, test } from 'vitest';
import { type Candidate, chooseSft } from './choose-sft.ts';

const candidate = (content: string, { ifd, quality = 1, excluded }: Partial<Candidate> = {}): Candidate => ({
  example: { id: content, turns: [{ role: 'user', content }, { role: 'assistant', content: 'x' }] }, ifd, quality, excluded,
});

test('equal parts of easy, medium and hard, and what misleads, was not measured or has a fault is out of the question', () => {
  const ifds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.2, Number.NaN];
  const candidates = [...ifds.map((ifd, i) => candidate(`Why ${i}?`, { ifd })), candidate('Why?', { ifd: 0.05, excluded: 'clarity below 0.6' })];
  expect(chooseSft(candidates, { size: 6 })).toEqual({
    chosen: [0, 1, 3, 4, 6, 7], buckets: [2, 2, 2], excluded: { 'its instruction does not help (IFD above 1)': 1, 'its difficulty was not measured': 1, 'clarity below 0.6': 1 },
  });
  expect(chooseSft(candidates, { size: 7 }).buckets).toEqual([3, 2, 2]);
  expect(chooseSft(candidates, { size: 100 }).chosen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('kinds of task in turn, the best of each first', () => {
  const questions = [0.5, 0.9, 0.7].map((quality, i) => candidate(`Why is it ${i}?`, { quality }));
  const { chosen, buckets } = chooseSft([...questions, candidate('Translate this.', { quality: 0.1 })], { size: 3 });
  expect([chosen, buckets]).toEqual([[1, 2, 3], [3]]);
});

test('by embeddings: no two that say the same, and as far apart as may be', () => {
  const angles = [0, 0, 0.2, Math.PI / 2, Math.PI / 2 + 0.2, Math.PI];
  const embeddings = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  const { chosen, excluded } = chooseSft(angles.map((_, i) => candidate(`Why ${i}?`)), { size: 3, embeddings: { embeddings, width: 2 } });
  expect(excluded).toEqual({ 'another says the same (cosine 0.99)': 1 });
  expect(chosen.filter((i) => i > 1 && i < 5)).toHaveLength(1);
  expect(chosen).toContain(5);
  expect(chooseSft([candidate('a'), candidate('b')], { size: 2, embeddings: { embeddings: new Float32Array(4), width: 2 } }).chosen).toEqual([0, 1]);
});
