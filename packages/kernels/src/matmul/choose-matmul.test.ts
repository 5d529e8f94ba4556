import { expect, test } from 'vitest';
import { chooseMatmul, type MatmulFeatures, matmulPlans, type MatmulShape, stepsOf } from './choose-matmul.ts';

const limits = { maxComputeWorkgroupStorageSize: 49_152, maxComputeInvocationsPerWorkgroup: 1024 };
const least = { maxComputeWorkgroupStorageSize: 16_384, maxComputeInvocationsPerWorkgroup: 256 };
const plain: MatmulFeatures = { f16: false, matrixUnits: [] };
const half: MatmulFeatures = { f16: true, matrixUnits: [] };
const units: MatmulFeatures = { f16: true, subgroupSize: 32, matrixUnits: [{ m: 16, n: 16, k: 16, component: 'f16', result: 'f32' }] };
const shape = (m: number, n: number, k: number, more: Partial<MatmulShape> = {}): MatmulShape => (
  { batch: 1, m, n, k, transposeA: 0, transposeB: 0, precision: 0, ...more }
);

test('large products take the largest tile, and k whole', () => {
  expect(chooseMatmul(plain, limits, shape(4096, 4096, 4096))).toMatchObject({ program: 'tile128x128', tileM: 128, tileN: 128, splits: 1 });
  expect(chooseMatmul(plain, limits, shape(16_384, 2304, 768))).toMatchObject({ program: 'tile128x128', splits: 1 });
});

test('a gradient of a weight over many tokens is cut along k, so that there are tiles for a whole card', () => {
  const { tileM, tileN, splits } = chooseMatmul(plain, limits, shape(768, 768, 16_384, { transposeA: 1 }));
  expect(splits).toBeGreaterThan(1);
  expect(splits * Math.ceil(768 / tileM) * Math.ceil(768 / tileN)).toBeGreaterThanOrEqual(100);
  // What is short is not cut.
  expect(chooseMatmul(plain, limits, shape(768, 768, 100)).splits).toBe(1);
});

test('small products take small tiles', () => {
  expect(chooseMatmul(plain, limits, shape(48, 48, 64)).program).toBe('tile32x32');
  expect(chooseMatmul(plain, limits, shape(512, 512, 64)).tileM).toBeLessThan(128);
});

test('few rows stream b, in lanes enough for the memory, and in parts where columns are few', () => {
  expect(chooseMatmul(plain, limits, shape(1, 50_257, 768, { transposeB: 1 }))).toMatchObject({ program: 'fewRows', constants: { ROWS: 1 }, splits: 1 });
  expect(chooseMatmul(plain, limits, shape(5, 4096, 4096))).toMatchObject({ program: 'fewRows', constants: { ROWS: 8 }, tileM: 8 });
  expect(chooseMatmul(plain, limits, shape(1, 256, 16_384)).splits).toBeGreaterThan(1);
  expect(chooseMatmul(plain, limits, shape(9, 4096, 4096)).program).not.toBe('fewRows');
  // A stored [k, m] has no rows to read along k.
  expect(chooseMatmul(plain, limits, shape(4, 4096, 4096, { transposeA: 1 })).program).not.toBe('fewRows');
  for (const n of [1, 3, 64, 1000, 50_257, 300_000]) {
    for (const k of [1, 7, 64, 1000, 20_000]) {
      for (const transposeB of [0, 1]) {
        const { lanes = 0, tileN } = chooseMatmul(plain, limits, shape(1, n, k, { transposeB }));
        expect(Number.isInteger(Math.log2(lanes)) && lanes >= 8 && lanes <= 256).toBe(true);
        expect(tileN * lanes).toBe(1024);
      }
    }
  }
});

test('precision 1 is a permission: f16 where there is f16, matrix units where there are some that add in f32', () => {
  const large = shape(4096, 4096, 4096, { precision: 1 });
  expect(chooseMatmul(plain, limits, large).program).toBe('tile128x128');
  expect(chooseMatmul(half, limits, large).program).toBe('half128x128');
  expect(chooseMatmul(units, limits, large)).toMatchObject({ program: 'units16Packed', packed: true, constants: { SUBGROUP: 32 }, tileM: 128, tileN: 128 });
  // Where few tiles read an operand again, rounding it before is not worth its while.
  expect(chooseMatmul(units, limits, shape(2048, 256, 1024, { precision: 1 })).program).toBe('units16');
  expect(chooseMatmul(units, limits, { ...large, precision: 0 }).program).toBe('tile128x128');
  expect(chooseMatmul(units, limits, shape(40, 40, 40, { precision: 1 })).program).toBe('half32x32');
  // Units that add in f16, subgroups of no fixed size, too little workgroup memory, too few lanes.
  expect(chooseMatmul({ ...units, matrixUnits: [{ m: 16, n: 16, k: 16, component: 'f16', result: 'f16' }] }, limits, large).program).toBe('half128x128');
  expect(chooseMatmul({ f16: true, matrixUnits: units.matrixUnits }, limits, large).program).toBe('half128x128');
  expect(chooseMatmul(units, { ...limits, maxComputeWorkgroupStorageSize: 32_768 }, large).program).toBe('half128x128');
  expect(chooseMatmul({ ...units, subgroupSize: 64 }, { ...limits, maxComputeInvocationsPerWorkgroup: 256 }, large).program).toBe('half128x128');
});

test('no plan asks for more than the card grants, and there is one for every shape', () => {
  for (const granted of [least, { maxComputeWorkgroupStorageSize: 32_768, maxComputeInvocationsPerWorkgroup: 256 }, limits]) {
    for (const features of [plain, half, units]) {
      for (const size of [1, 2, 9, 31, 129, 1000, 5000]) {
        for (const precision of [0, 1]) {
          const plans = matmulPlans(features, granted, shape(size, size, size, { precision, transposeA: 1 }));
          expect(plans.length).toBeGreaterThan(0);
          for (const { program, splits } of plans) {
            if (granted === least) expect(['tile32x32', 'half128x128', 'half128x64', 'half64x64', 'half32x32']).toContain(program);
            expect(splits === 1 || stepsOf(size, splits) < size).toBe(true);
          }
        }
      }
    }
  }
});
