import { describe, expect, test } from 'vitest';
import { askedDevices } from '../check-devices.ts';
import { createGpuDevice } from '../gpu/gpu-device.ts';
import { chooseMatmul, matmulPlans } from './choose-matmul.ts';
import { matmulPlanOf, rememberMatmulPlan } from './matmul-plan-of.ts';
import { plansToTry, tuneMatmul } from './tune-matmul.ts';

const limits = { maxComputeWorkgroupStorageSize: 32_768, maxComputeInvocationsPerWorkgroup: 256 };
const features = { f16: false, matrixUnits: [] };
const shape = { batch: 1, m: 700, n: 700, k: 5000, transposeA: 1, transposeB: 0, precision: 0 };

test('what is tried begins with what would be chosen, and has every program once or with k cut more and less', () => {
  const plans = plansToTry(matmulPlans(features, limits, shape), shape.k);
  expect(plans[0]).toEqual(chooseMatmul(features, limits, shape));
  expect(new Set(plans.map(({ program }) => program)).size).toBe(4);
  expect(plans.length).toBeLessThanOrEqual(12);
  const few = plansToTry(matmulPlans(features, limits, { ...shape, m: 2, transposeA: 0 }), shape.k);
  expect(few.length).toBeGreaterThan(1);
  for (const { program, lanes = 0, tileN } of few) expect([program, lanes * tileN]).toEqual(['fewRows', 1024]);
});

describe.runIf(askedDevices().includes('webgpu'))('on a graphics card', () => {
  test('the fastest plan is used for its class of shapes, and memory is given back', async () => {
    const device = await createGpuDevice();
    const small = { ...shape, m: 40, n: 40, k: 40 };
    const { usedBytes } = device.stats();
    const [result] = await tuneMatmul(device, [small]);
    expect(device.stats().usedBytes).toBe(usedBytes);
    const { plans } = result!;
    expect(plans.length).toBeGreaterThan(1);
    plans.reduce((last, { milliseconds }) => {
      expect(milliseconds).toBeGreaterThanOrEqual(last);
      return milliseconds;
    }, 0);
    expect(matmulPlanOf(device, { ...small, m: 33, k: 64 })).toBe(plans[0]!.plan);
    // Another class is chosen as ever.
    const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = device.limits;
    const other = { ...small, m: 65 };
    expect(matmulPlanOf(device, other)).toEqual(chooseMatmul(features, { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup }, other));
    rememberMatmulPlan(device, other, plans[1]!.plan);
    expect(matmulPlanOf(device, other)).toBe(plans[1]!.plan);
    device.close();
  }, 240_000);
});
