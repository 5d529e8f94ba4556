import type { GpuDevice } from '../gpu/gpu-device.ts';
import { chooseMatmul, type MatmulFeatures, type MatmulPlan, type MatmulShape } from './choose-matmul.ts';

/** What is known of the products of one device: chosen by shape, measured by class of shapes. */
interface Known {
  readonly features: MatmulFeatures;
  readonly chosen: Map<string, MatmulPlan>;
  readonly measured: Map<string, MatmulPlan>;
}

const devices = new WeakMap<GpuDevice, Known>();
const MOST_CHOSEN = 4096;

function knownOf(device: GpuDevice): Known {
  let known = devices.get(device);
  if (known === undefined) devices.set(device, known = { features: featuresFor(device), chosen: new Map(), measured: new Map() });
  return known;
}

/** The device's features, with the size of its subgroups where they have only one. */
export function featuresFor({ features, adapter: { adapter: { info } } }: GpuDevice): MatmulFeatures {
  const { subgroupMinSize, subgroupMaxSize } = info;
  return { ...features, ...(features.subgroups && subgroupMinSize === subgroupMaxSize ? { subgroupSize: subgroupMaxSize } : {}) };
}

const power = (size: number): number => Math.ceil(Math.log2(Math.max(1, size)));

/** Shapes of one class are done alike: sizes up to the same power of two, few rows by their number. */
function classOf({ batch, m, n, k, transposeA, transposeB, precision }: MatmulShape): string {
  return [power(batch), m <= 8 ? m : `^${power(m)}`, power(n), power(k), transposeA, transposeB, precision].join();
}

/** The plan that was measured for the shape's class, else the one chosen by its sizes. */
export function matmulPlanOf(device: GpuDevice, shape: MatmulShape): MatmulPlan {
  const { features, chosen, measured } = knownOf(device);
  const best = measured.size === 0 ? undefined : measured.get(classOf(shape));
  if (best !== undefined) return best;
  const { batch, m, n, k, transposeA, transposeB, precision } = shape;
  const key = `${batch},${m},${n},${k},${transposeA},${transposeB},${precision}`;
  let plan = chosen.get(key);
  if (plan === undefined) {
    if (chosen.size >= MOST_CHOSEN) chosen.clear();
    chosen.set(key, plan = chooseMatmul(features, device.limits, shape));
  }
  return plan;
}

/** From now on products of the shape's class are done by this plan on the device. */
export function rememberMatmulPlan(device: GpuDevice, shape: MatmulShape, plan: MatmulPlan): void {
  knownOf(device).measured.set(classOf(shape), plan);
}
