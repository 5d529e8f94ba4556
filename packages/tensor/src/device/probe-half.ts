import { type GpuDevice, launchGpu, matmul } from '@llm/kernels';

const SIZE = 64;

/**
 * Whether the card's products of half precision are right: some drivers offer them and give zeros. Multiplies two matrices
 * [64, 64] whose products every float16 holds, and compares all of the result.
 */
export async function probeHalf(gpu: GpuDevice): Promise<boolean> {
  if (!gpu.features.f16) return false;
  const a = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i * 7) % 5 - 2);
  const b = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i * 3) % 7 - 3);
  const memories = [a, b].map((values) => {
    const memory = gpu.alloc(values.byteLength);
    gpu.write(memory, values);
    return memory;
  });
  const c = gpu.alloc(a.byteLength);
  try {
    launchGpu(gpu, matmul, {
      at: { a: memories[0], b: memories[1], c }, dims: { batch: 1, m: SIZE, n: SIZE, k: SIZE, aSize: a.length, bSize: b.length }, uniforms: { precision: 1 },
    });
    const found = new Float32Array(await gpu.read(c));
    return found.every((value, i) => {
      const [row, column] = [Math.floor(i / SIZE), i % SIZE];
      let expected = 0;
      for (let k = 0; k < SIZE; k++) expected += a[row * SIZE + k]! * b[k * SIZE + column]!;
      return value === expected;
    });
  } finally {
    for (const memory of [...memories, c]) gpu.free(memory);
  }
}
