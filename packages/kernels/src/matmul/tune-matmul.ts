import type { GpuDevice } from '../gpu/gpu-device.ts';
import type { GpuMemory } from '../gpu/program.ts';
import { type MatmulPlan, matmulPlans, type MatmulShape } from './choose-matmul.ts';
import { featuresFor, rememberMatmulPlan } from './matmul-plan-of.ts';
import { runMatmulOnGpu } from './run-matmul-on-gpu.ts';

/** A plan with the time that one product took by it. */
export interface TimedPlan {
  readonly plan: MatmulPlan;
  readonly milliseconds: number;
}

/** What was measured for a shape: all plans that were tried, the fastest first, which is the one in use from now on. */
export interface TunedMatmul {
  readonly shape: MatmulShape;
  readonly plans: readonly TimedPlan[];
}

/** Products between two looks at the clock last at least this long, so that what the look itself takes does not count. */
const LEAST_MILLISECONDS = 10;
const MOST_REPEATS = 256;
const ROUNDS = 5;

/** The plans that are likely enough: each program as it would be chosen, and with k cut half and twice as often. */
export function plansToTry(plans: readonly MatmulPlan[], k: number): MatmulPlan[] {
  const [first] = plans;
  if (first?.program === 'fewRows') {
    const { lanes = 8, splits } = first;
    const others = [lanes / 2, lanes * 2].filter((count) => count >= 8 && count <= 256 && 4 * count <= Math.max(32, k));
    return [first, ...(splits === 1 ? [] : [{ ...first, splits: 1 }]), ...others.map((count) => ({ ...first, lanes: count, tileN: 1024 / count }))];
  }
  return [...new Set(plans.map(({ program }) => program))].flatMap((name) => {
    const own = plans.filter(({ program }) => program === name);
    const best = own[0]!;
    return own.filter(({ splits }) => [best.splits, best.splits / 2, best.splits * 2].includes(splits));
  });
}

/** Numbers between −1 and 1, not zeros, which cards multiply with less power and so faster. */
function fillRandom(device: GpuDevice, memory: GpuMemory): void {
  const values = new Float32Array(memory.bytes / 4);
  const known = Math.min(values.length, 65_537);
  for (let i = 0; i < known; i++) values[i] = 2 * Math.random() - 1;
  for (let filled = known; filled < values.length; filled *= 2) values.copyWithin(filled, 0, Math.min(filled, values.length - filled));
  device.write(memory, values);
}

/**
 * Measures the plans for products of these shapes on the device, in turns, and does products of their classes (sizes up to the
 * same powers of two) by the fastest from now on, as long as the device is open. It takes about a second a shape; nothing calls it by itself. Another
 * plan may add in another order, so results may then differ in their last bits from those before.
 *
 * @throws Error while a step is recorded, since nothing can be read then.
 */
export async function tuneMatmul(device: GpuDevice, shapes: readonly MatmulShape[]): Promise<TunedMatmul[]> {
  const results: TunedMatmul[] = [];
  for (const shape of shapes) {
    const { batch, m, n, k } = shape;
    const [a, b, c, marker] = [batch * m * k, batch * n * k, batch * m * n, 4].map((length) => device.alloc(4 * length)) as [GpuMemory, GpuMemory, GpuMemory, GpuMemory];
    try {
      fillRandom(device, a);
      fillRandom(device, b);
      const measure = async (plan: MatmulPlan, repeats: number): Promise<number> => {
        const scratch: GpuMemory[] = [];
        const temporary = (bytes: number): GpuMemory => {
          const memory = device.alloc(bytes);
          scratch.push(memory);
          return memory;
        };
        const began = performance.now();
        for (let i = 0; i < repeats; i++) {
          runMatmulOnGpu({ run: (program, call) => device.run(program, call as never), temporary, device }, { ...shape, a, b, c, plan });
          for (const memory of scratch.splice(0)) device.free(memory);
        }
        device.copy(c, marker, { bytes: 4 });
        await device.read(marker);
        return performance.now() - began;
      };
      const plans = plansToTry(matmulPlans(featuresFor(device), device.limits, shape), k);
      const times = plans.map((): number[] => []);
      let repeats = 1;
      for (const plan of plans) await measure(plan, 1);
      while (repeats < MOST_REPEATS && await measure(plans[0]!, repeats) < LEAST_MILLISECONDS) repeats *= 2;
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, plan] of plans.entries()) times[i]!.push(await measure(plan, repeats) / repeats);
      }
      const median = (all: number[]): number => all.sort((one, other) => one - other)[Math.floor(all.length / 2)]!;
      const timed = plans.map((plan, i) => ({ plan, milliseconds: median(times[i]!) })).sort((one, other) => one.milliseconds - other.milliseconds);
      rememberMatmulPlan(device, shape, timed[0]!.plan);
      results.push({ shape, plans: timed });
    } finally {
      for (const memory of [a, b, c, marker]) device.free(memory);
    }
  }
  return results;
}
