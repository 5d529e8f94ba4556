import { createWasmDevice, launch, matmul } from '@llm/kernels';
import { clock, median } from './statistics.mjs';

/** GFLOP/s of 1024³ in the three layouts that training uses, after a warm-up. */
export async function product({ threads, size = 1024 }) {
  const device = await createWasmDevice({ threads });
  const [a, b, c] = Array.from({ length: 3 }, () => device.heap.alloc(size * size * 4));
  for (const address of [a, b]) device.f32(address, size * size).forEach((_, i, all) => { all[i] = Math.random() - 0.5; });
  const rows = [];
  for (const [layout, transposeA, transposeB] of [['A·B', 0, 0], ['A·Bᵀ', 0, 1], ['Aᵀ·B', 1, 0]]) {
    const run = () => launch(device, matmul, {
      at: { a, b, c }, dims: { batch: 1, m: size, n: size, k: size, aSize: size ** 2, bSize: size ** 2 }, uniforms: { transposeA, transposeB },
    });
    clock(run, 30);
    const times = clock(run, 25);
    const rate = (ms) => 2 * size ** 3 / ms / 1e6;
    rows.push({
      name: `matmul ${size}³ f32 ${layout}, ${device.threads} threads`, value: `${rate(median(times)).toFixed(1)} GFLOP/s`,
      figure: rate(median(times)), best: rate(Math.min(...times)), note: `best ${rate(Math.min(...times)).toFixed(1)}`,
    });
  }
  await device.close();
  return rows;
}
