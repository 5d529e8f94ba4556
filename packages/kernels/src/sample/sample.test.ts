import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel, type KernelCase, seededRandom } from '../check-kernel.ts';
import { chances, type Chances, sampleReference, type SampleSettings } from './reference.ts';
import { sample } from './sample.ts';

const OFF: SampleSettings = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const USUAL: SampleSettings = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 };

/** The middle of the draws that give the likeliest of the tokens that these draws give: there, rounding changes nothing. */
function middle({ shares }: Chances, draws: readonly number[]): number {
  let best = { share: 0, draw: 0 };
  for (const draw of draws) {
    let sum = 0;
    for (const share of shares) {
      if (draw < sum + share) {
        if (share > best.share) best = { share, draw: sum + share / 2 };
        break;
      }
      sum += share;
    }
  }
  return Math.fround(best.draw);
}

/** Rows of logits, each with a draw. */
function caseOf(logits: readonly ArrayLike<number>[], settings: SampleSettings): KernelCase {
  const random = seededRandom(logits.length + logits[0]!.length);
  const draws = logits.map((row) => middle(chances(Float64Array.from(row), settings), [random(), random(), random()]));
  const flat = Float32Array.from(logits.flatMap((row) => Array.from(row)));
  return { dims: { rows: logits.length, vocab: logits[0]!.length }, uniforms: { ...settings }, inputs: { logits: () => flat, draws: () => draws } };
}

const normals = (length: number, { seed = 1, scale = 3 } = {}): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
};
const settings: SampleSettings[] = [
  OFF, USUAL, { ...OFF, temperature: 0 }, { ...USUAL, temperature: 0 }, { ...OFF, topK: 1 }, { ...OFF, topK: 1e6 }, { ...OFF, topP: 0.9 }, { ...OFF, topP: 1e-9 },
  { ...OFF, topP: 0 }, { ...OFF, minP: 0.1 }, { ...OFF, minP: 1 }, { ...OFF, temperature: 1e-38 }, { ...OFF, temperature: 5, topK: 7 }, { temperature: 1.5, topK: 203, topP: 0.8, minP: 0.01 },
];

test('sample equals its reference', async () => {
  const cases: KernelCase[] = [{ dims: { rows: 0, vocab: 5 } }];
  for (const vocab of [1, 2, 255, 256, 257, 1025]) {
    const rows = [normals(vocab), new Float32Array(vocab), normals(vocab, { seed: 3, scale: 0.5 }).map((z, i) => (i === vocab >> 1 ? 1000 : z))];
    for (const each of settings) cases.push(caseOf(rows, each));
  }
  const ran = await checkKernel(sample, { cases, gpuTolerance: 2e-5 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
}, 120_000);

test('a large vocabulary: peaked, flat, all equal, of few values, and far apart', async () => {
  const vocab = 50_257;
  const rows = {
    peaked: normals(vocab).map((z, i) => (i % 5000 === 17 ? z + 15 : z)),
    flat: normals(vocab, { scale: 1 }),
    equal: new Float32Array(vocab).fill(-3),
    few: Float32Array.from({ length: vocab }, (_, i) => -(i * 7919 % 5)),
    far: normals(vocab, { scale: 1e4 }),
  };
  const chains = [OFF, USUAL, { ...OFF, temperature: 0 }, { ...OFF, topP: 0.9 }, { ...OFF, topK: 3000, topP: 0.9, temperature: 1.5 }, { ...OFF, topK: 2000, minP: 0.2 }];
  const cases = chains.map((each) => caseOf(Object.values(rows), each));
  await checkKernel(sample, { cases, gpuTolerance: 2e-5 });
}, 120_000);

test('draws from 0 to 1, each in a row of its own', async () => {
  const logits = normals(300);
  for (const each of [OFF, USUAL, { ...OFF, topP: 0.7 }]) {
    const left = chances(Float64Array.from(logits), each);
    const draws = Float32Array.from({ length: 40 }, (_, i) => middle(left, [(i + 0.5) / 40]));
    await checkKernel(sample, {
      cases: [{ dims: { rows: 40, vocab: 300 }, uniforms: { ...each }, inputs: { logits: (_, length) => Float32Array.from({ length }, (_, i) => logits[i % 300]!), draws: () => draws } }],
      gpuTolerance: 2e-5,
    });
  }
});

test('worked by hand: probabilities of a half, a quarter, and twice an eighth', async () => {
  const logits = [3, 2, 1, 0].map((halvings) => -Math.LN2 * Math.min(3, 4 - halvings));
  // Ids 0, 1, 2, 3 have 1/2, 1/4, 1/8, 1/8.
  const cases: [number, Partial<SampleSettings>, number][] = [
    [0, {}, 0], [0.49, {}, 0], [0.51, {}, 1], [0.74, {}, 1], [0.76, {}, 2], [0.88, {}, 3], [0.9999, {}, 3],
    [0.66, { topK: 2 }, 0], [0.67, { topK: 2 }, 1], [0.9, { topP: 0.5 - 1e-3 }, 0], [0.9, { topP: 0.8 }, 2], [0.9, { minP: 0.4 }, 1], [0.9, { temperature: 0 }, 0],
    // Powers at temperature ½: 16, 4, 1, 1 of 22.
    [0.72, { temperature: 0.5 }, 0], [0.73, { temperature: 0.5 }, 1], [0.9, { temperature: 0.5 }, 1], [0.92, { temperature: 0.5 }, 2], [0.97, { temperature: 0.5 }, 3],
  ];
  for (const { run } of await checkDevices()) {
    for (const [draw, each, id] of cases) {
      const io = { logits: Float64Array.from(logits), draws: Float64Array.of(draw), ids: new Float64Array(1), logprob: new Float64Array(1) };
      const found = await run(sample, { io, dims: { rows: 1, vocab: 4 }, uniforms: { ...OFF, ...each } });
      expect([draw, each, found['ids']![0]]).toEqual([draw, each, id]);
      expect(found['logprob']![0]).toBeCloseTo(-Math.LN2 * Math.min(3, id + 1), 5);
    }
  }
});

test('−∞ is never drawn; a row with NaN or an infinite largest logit gives −1', async () => {
  const rows = [[-Infinity, 1, -Infinity], [0, NaN, 1], [Infinity, 0, 0], [-Infinity, -Infinity, -Infinity], [-Infinity, -Infinity, -0]];
  const cases = [OFF, USUAL, { ...OFF, temperature: 0 }, { ...OFF, topP: 0.5 }, { ...OFF, topK: 3 }].map((uniforms): KernelCase => ({
    dims: { rows: 5, vocab: 3 }, uniforms: { ...uniforms }, inputs: { logits: () => rows.flat(), draws: () => [0, 0.5, 0.5, 0.5, 0.999] },
  }));
  await checkKernel(sample, { cases });
  const io = { logits: Float64Array.from(rows.flat()), draws: new Float64Array(5), ids: new Float64Array(5), logprob: new Float64Array(5) };
  sampleReference(io, { rows: 5, vocab: 3 }, OFF);
  expect([...io.ids]).toEqual([1, -1, -1, -1, 2]);
});
