import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { entropyRange } from './entropy.ts';
import { minMaxRange } from './min-max.ts';
import { percentileRange } from './percentile.ts';
import type { RangeMethod } from './range.ts';

interface Case { method: 'entropy' | 'percentile'; symmetric: boolean; num_bins: number; num_quantized_bins: number; percentile: number; range: [number, number] }
const { calibration } = JSON.parse(readFileSync(new URL('../../../fixtures/onnx-packing.json', import.meta.url), 'utf8')) as { calibration: { batches: string[]; ranges: Case[] } };
const batches = calibration.batches.map((text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer));

function found(method: RangeMethod): [number, number] {
  const finder = method.start();
  for (const batch of batches) finder.see(batch);
  const { min, max } = finder.range();
  return [min, max];
}

test.each(calibration.ranges.map((each) => [`${each.method}, ${each.num_bins} bins${each.method === 'entropy' ? '' : `, ${each.percentile} %, ${each.symmetric ? 'by magnitude' : 'both ends'}`}`, each] as const))('%s: the range is that of onnxruntime\'s collector', (_, each) => {
  const { method, num_bins: bins, num_quantized_bins: quantizedBins, percentile, symmetric, range } = each;
  const [min, max] = found(method === 'entropy' ? entropyRange({ bins, quantizedBins }) : percentileRange({ bins, percentile, symmetric }));
  expect(min).toBeCloseTo(range[0], 5);
  expect(max).toBeCloseTo(range[1], 5);
});

test('min-max holds both batches; nonsense is refused', () => {
  const all = batches.flatMap((batch) => [...batch]);
  expect(found(minMaxRange())).toEqual([Math.min(...all), Math.max(...all)]);
  expect(() => entropyRange({ bins: 64 })).toThrow('expected at least 128 bins for as many levels but found 64');
  expect(() => percentileRange({ percentile: 0 })).toThrow('above 0 up to 100 but found 0');
});

test('a first batch of next to nothing does not grow a histogram without end', () => {
  for (const method of [entropyRange(), percentileRange(), percentileRange({ symmetric: false })]) {
    const finder = method.start();
    finder.see(Float32Array.of(1e-7, -2e-7, 3e-7));
    expect(() => finder.see(Float32Array.of(100)), method.name).toThrow('expected batches whose states are of one size');
  }
});
