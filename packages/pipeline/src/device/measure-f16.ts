import { type GpuDevice, GpuError, launchGpu, matmul } from '@llm/kernels';

/** Large enough to fill every card. */
const SIZE = 4096;
/** Products between two waits. */
const TIMES = 8;

/**
 * Floating-point operations per second of matrix products whose operands are rounded to f16; undefined where the card has no f16,
 * null where it has and the products are wrong, as those of some drivers are.
 */
export async function measureF16(gpu: GpuDevice, { seconds }: { seconds: number }): Promise<number | null | undefined> {
  if (!gpu.features.f16) return undefined;
  try {
    return await measure(gpu, seconds);
  } catch (error) {
    if (error instanceof GpuError && error.code === 'E_GPU_VALIDATION') return null;
    throw error;
  }
}

async function measure(gpu: GpuDevice, seconds: number): Promise<number | null> {
  const [a, b, c] = [gpu.alloc(4 * SIZE ** 2), gpu.alloc(4 * SIZE ** 2), gpu.alloc(4 * SIZE ** 2)];
  const mark = gpu.alloc(4);
  const ones = new Float32Array(SIZE ** 2).fill(1);
  gpu.write(a, ones);
  gpu.write(b, ones);
  let right = true;
  const products = async (times: number): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < times; i++) launchGpu(gpu, matmul, { at: { a, b, c }, dims: { batch: 1, m: SIZE, n: SIZE, k: SIZE, aSize: SIZE ** 2, bSize: SIZE ** 2 }, uniforms: { precision: 1 } });
    gpu.copy(c, mark, { bytes: 4 });
    // A sum of as many ones as rows are long, which every float16 holds.
    right &&= new Float32Array(await gpu.read(mark))[0] === SIZE;
    return (performance.now() - started) / 1000 / times;
  };
  try {
    await products(1);
    let fastest = Infinity;
    const end = performance.now() + seconds * 1000;
    do fastest = Math.min(fastest, await products(TIMES)); while (performance.now() < end);
    return right ? (2 * SIZE ** 3) / fastest : null;
  } finally {
    for (const memory of [a, b, c, mark]) gpu.free(memory);
  }
}
