import { type Kernel, defineKernel } from '../kernel.ts';
import { matmulReference } from './reference.ts';

const PANEL = 8;
/** Rows of A that a task packs: with 256 columns they fill an eighth of a typical second-level cache. */
const ROWS_PER_TASK = 96;
/** Up to this many rows a product reads B where it lies, since packing would cost as much as multiplying. */
const MATVEC_ROWS = 4;

/**
 * c = activation(op(a) · op(b) + bias) + residual over a batch, where op transposes where the uniform says so: a is then
 * stored [k, m], b [n, k]. `broadcastB` uses one b for all of the batch.
 * `aSize` and `bSize` stand for the stored sizes, so that both layouts share the ports; m, n, k come with the call.
 */
export const matmul: Kernel = defineKernel({
  name: 'matmul',
  inputs: {
    a: { dims: ['aSize'] }, b: { dims: ['bSize'] },
    bias: { dims: ['n'], optional: true }, residual: { dims: ['batch', 'm', 'n'], optional: true },
  },
  outputs: { c: { dims: ['batch', 'm', 'n'] }, before: { dims: ['batch', 'm', 'n'], optional: true } },
  uniforms: { transposeA: 0, transposeB: 0, activation: 0, broadcastB: 0 },
  reference: matmulReference,
  wasm({ at, dims: { batch = 1, m = 0, n = 0, k = 0 }, uniforms: { transposeA, transposeB, activation, broadcastB }, run, temporary }) {
    if (m === 0 || n === 0 || batch === 0) return;
    if (m <= MATVEC_ROWS && batch === 1 && (transposeA === 0 || m === 1)) {
      const cols = transposeB ? Math.max(4, Math.ceil(n / 256)) : Math.min(256, Math.max(16, Math.ceil(n / 64 / 4) * 4));
      run(
        transposeB ? 'matvecTransposed' : 'matvec', Math.ceil(n / cols), 1,
        at.a, at.b, at.c, m, n, k, cols, at.bias, activation, at.residual, at.before,
      );
      return;
    }
    const panels = Math.ceil(n / PANEL);
    const packs = broadcastB ? 1 : batch;
    const packed = temporary(packs * panels * PANEL * k * 4);
    const packGrain = Math.max(1, Math.min(Math.ceil((packs * panels) / 4), Math.ceil(8192 / Math.max(1, k))), Math.ceil((packs * panels) / 2000));
    run('matmulPack', packs * panels, packGrain, at.b, packed, n, k, transposeB, panels, n * k);
    const mc = Math.min(ROWS_PER_TASK, Math.ceil(m / 6) * 6);
    const rowBlocks = Math.ceil(m / mc);
    // Enough tasks to keep threads evenly busy, without packing the rows of A more often than needed.
    const colBlocks = batch * rowBlocks >= 16 ? 1 : Math.min(Math.ceil(panels / 8), Math.ceil(16 / (batch * rowBlocks)));
    const nc = Math.ceil(panels / Math.max(1, colBlocks)) * PANEL;
    const tasks = batch * rowBlocks * Math.ceil(n / nc);
    run(
      'matmul', tasks, Math.ceil(tasks / 2000), at.a, packed, at.c, m, n, k, transposeA,
      mc, nc, rowBlocks, Math.ceil(n / nc), m * k, at.bias, activation, at.residual, at.before, broadcastB,
    );
  },
});
