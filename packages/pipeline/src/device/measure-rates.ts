import { deviceInUse, overwrite, scope, slice, type Tensor, zeros } from '@llm/tensor';
import { measurePeak } from '@llm/train';

/** How fast a device computes and copies, per second. */
export interface Rates {
  /** Floating-point operations in matrix products of float32. */
  readonly matmulFlops: number;
  /** The same with operands of float16, where the device has it; null where its products are wrong. */
  readonly matmulF16Flops?: number | null;
  /** Bytes copied, counted once: within the device, to it, and from it. */
  readonly copyBytes: number;
  readonly uploadBytes: number;
  readonly downloadBytes: number;
}

/** Copies that take no longer than this together are too short beside the wait for them. */
const WORK_MS = 20;

/** Measures the device in use; copies are of so many mebibytes, and each figure takes about `seconds`. */
export async function measureRates({ mebibytes, seconds }: { mebibytes: number; seconds: number }): Promise<Rates> {
  const matmulFlops = await measurePeak({ seconds });
  const values = new Float32Array((mebibytes * 2 ** 20) / 4).fill(1);
  const [from, to] = [zeros([values.length]), zeros([values.length])];
  const rate = async (act: () => unknown, wait: () => Promise<void>): Promise<number> => values.byteLength / await fastest(act, { seconds, wait });
  try {
    return {
      matmulFlops,
      uploadBytes: await rate(() => overwrite(from, values), () => done(from)),
      copyBytes: await rate(() => overwrite(to, from), () => done(to)),
      downloadBytes: await rate(() => to.data(), async () => {}),
    };
  } finally {
    from.dispose();
    to.dispose();
  }
}

/** Waits until what a graphics card was asked for is done: a value of the result can be read. */
async function done(tensor: Tensor): Promise<void> {
  if (deviceInUse() !== 'webgpu') return;
  const first = scope(() => slice(tensor, [0], [1]));
  await first.data();
  first.dispose();
}

/** Seconds that `act` takes, at the fastest: as often between two waits as it takes for the wait not to matter. */
async function fastest(act: () => unknown, { seconds, wait }: { seconds: number; wait: () => Promise<void> }): Promise<number> {
  let [least, times] = [Infinity, 1];
  await act();
  await wait();
  const end = performance.now() + seconds * 1000;
  do {
    const started = performance.now();
    for (let i = 0; i < times; i++) await act();
    await wait();
    const took = performance.now() - started;
    least = Math.min(least, took / 1000 / times);
    if (took < WORK_MS) times *= 2;
  } while (performance.now() < end);
  return least;
}
