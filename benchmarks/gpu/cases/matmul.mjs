import { matmul } from '@llm/kernels';
import { checked, gpuArm, launchOn, openCard, place, poisonPart, randomValues, readPart, relativeError } from '../card.mjs';
import { compare, versus } from '../compare.mjs';
import { torchArm } from '../peer.mjs';

/** Numbers that are compared with sums in f64, at some places all over the product. */
const CHECKED_ROWS = 8;
const CHECKED_COLS = 64;
const MOST_ERROR = { f32: 2e-5, f16: 4e-3 };

/** c = op(a) · op(b) in TFLOP/s: ours in f32 and with f16 operands, PyTorch in fp32 without TF32 and in bf16. */
export async function matmulCase({ sizes, peer, report }) {
  for (const [name, m, n, k, layout] of sizes.matmul) {
    const card = await openCard();
    const { gpu } = card;
    const values = { a: randomValues(m * k, 1), b: randomValues(n * k, 2) };
    const places = placesOf(m, n);
    const [transposeA, transposeB] = [layout === 'TN', layout === 'NT'].map(Number);
    const wanted = places.map((at) => part(values, { ...at, m, n, k, transposeA, transposeB }));
    try {
      const [a, b, c] = [place(gpu, values.a), place(gpu, values.b), gpu.alloc(m * n * 4)];
      const ours = (precision) => {
        const run = launchOn(gpu, matmul, {
          at: { a, b, c }, dims: { batch: 1, m, n, k, aSize: m * k, bSize: n * k },
          uniforms: { transposeA, transposeB, precision: Number(precision === 'f16') },
        });
        return gpuArm(`ours ${precision}`, {
          settle: card.settle,
          run,
          async prepare() {
            for (const { from, count } of places) poisonPart(gpu, c, { from, count });
            run();
            const found = [];
            for (const at of places) found.push(...await readPart(gpu, c, at));
            return { check: `${checked(relativeError(found, wanted.flat()), MOST_ERROR[precision])}${precision === 'f16' && !gpu.features.f16 ? ', in f32 as this card has no f16' : ''}` };
          },
        }, sizes.timing);
      };
      const theirs = (dtype) => torchArm(peer, dtype, { case: 'matmul', dtype, m, n, k, layout, ...sizes.timing });
      const found = await compare([ours('f32'), theirs('fp32'), ours('f16'), theirs('bf16')], sizes.timing);
      const shape = { unit: 'TFLOP/s', figure: (seconds) => 2 * m * n * k / seconds / 1e12 };
      report(versus(`matmul ${name} (${m} × ${n} × ${k}, ${layout}) f32`, [found['ours f32'], found.fp32], { ...shape, peer: 'PyTorch fp32' }));
      report(versus(`matmul ${name} (${m} × ${n} × ${k}, ${layout}) f16`, [found['ours f16'], found.bf16], { ...shape, peer: 'PyTorch bf16' }));
    } catch (error) {
      report({ name: `matmul ${name}`, failed: error });
    } finally {
      card.close();
    }
  }
}

function placesOf(m, n) {
  const count = Math.min(CHECKED_COLS, n);
  return Array.from({ length: CHECKED_ROWS }, (_, i) => {
    const row = Math.floor((m - 1) * i / (CHECKED_ROWS - 1));
    const col = Math.floor((n - count) * ((i * 5) % CHECKED_ROWS) / (CHECKED_ROWS - 1));
    return { row, col, from: row * n + col, count };
  });
}

/** One stretch of a row of the product, summed in f64. */
function part({ a, b }, { row, col, count, m, n, k, transposeA, transposeB }) {
  return Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += a[transposeA ? p * m + row : row * k + p] * b[transposeB ? (col + i) * k + p : p * n + col + i];
    return sum;
  });
}
