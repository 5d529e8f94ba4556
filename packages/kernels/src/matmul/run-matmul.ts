import type { Launch } from '../kernel.ts';

/** A product on addresses: c [batch, m, n] = epilogue(op(a) · op(b)). */
export interface Product {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly transposeA?: number;
  readonly transposeB?: number;
  /** One b serves all of the batch. */
  readonly broadcastB?: number;
  /** c += instead of c =. */
  readonly accumulate?: number;
  /** From `packB`, where several products share one b. */
  readonly packed?: number;
  readonly bias?: number;
  readonly activation?: number;
  readonly residual?: number;
  readonly before?: number;
}

type Launcher = Pick<Launch, 'run' | 'temporary'>;

const PANEL = 8;
const ROWS = 6;
/** Rows of A that a task packs: with 256 columns they fill an eighth of a typical second-level cache. */
const ROWS_PER_TASK = 96;
/** Columns of B that a task packs, where A was packed before. */
const COLS_PER_TASK = 128;
/** Up to this many rows a product reads B where it lies, once: packing it would cost as much as multiplying. */
const MATVEC_ROWS = 24;
/** From this many rows on, packing B once costs next to nothing. */
const WIDE_ROWS = 512;
/** Enough tasks to keep threads evenly busy, without packing the same rows more often than needed. */
const TASKS = 16;

/** Packs b once, for several products with it; the address is a temporary of the launch. */
export function packB({ run, temporary }: Launcher, { b, n, k, batch = 1, transposeB = 0 }: Pick<Product, 'b' | 'n' | 'k' | 'batch' | 'transposeB'>): number {
  const panels = Math.ceil(n / PANEL);
  const total = batch * panels;
  const packed = temporary(total * PANEL * k * 4);
  const grain = Math.max(1, Math.min(Math.ceil(total / 4), Math.ceil(8192 / Math.max(1, k))), Math.ceil(total / 2000));
  run('matmulPack', total, grain, b, packed, n, k, transposeB, panels, n * k);
  return packed;
}

/** Runs a product by the way that suits its shape. */
export function runMatmul(launcher: Launcher, product: Product): void {
  const { run, temporary } = launcher;
  const {
    a, b, c, m, n, k, batch = 1, transposeA = 0, transposeB = 0, broadcastB = 0, accumulate = 0,
    bias = 0, activation = 0, residual = 0, before = 0,
  } = product;
  if (m === 0 || n === 0 || batch === 0) return;
  if (m <= MATVEC_ROWS && batch === 1 && k > 0 && accumulate === 0 && product.packed === undefined && (transposeA === 0 || m === 1)) {
    if (transposeB) {
      if (m > 2) {
        // Longer stretches of B than above, since two streams through memory share each.
        const cols = Math.max(8, Math.ceil(n / 32));
        const packed = temporary(Math.ceil(m / 4) * Math.ceil(k / 4) * 64);
        run('matvecPack', Math.ceil(m / 4), 4, a, packed, m, k);
        run('matvecPackedTransposed', Math.ceil(n / cols), 1, packed, b, c, m, n, k, cols, bias, activation, residual, before);
        return;
      }
      const cols = Math.max(4, Math.ceil(n / 64));
      run('matvecTransposed', Math.ceil(n / cols), 1, a, b, c, m, n, k, cols, bias, activation, residual, before);
      return;
    }
    const kc = Math.max(8, Math.ceil(k / 64) * 8);
    const parts = Math.ceil(k / kc);
    const partial = temporary(Math.max(1, parts) * m * n * 4);
    run('matvecParts', parts, 1, a, b, partial, m, n, k, kc);
    run('matvecJoin', Math.ceil(n / 1024), 1, partial, c, m, n, parts, 1024, bias, activation, residual, before);
    return;
  }
  const panels = Math.ceil(n / PANEL);
  if (m < n && m <= WIDE_ROWS && batch === 1 && product.packed === undefined) {
    const rowPanels = Math.ceil(m / ROWS);
    const packed = temporary(rowPanels * ROWS * k * 4);
    run('matmulPackRows', rowPanels, Math.max(1, Math.ceil(rowPanels / 16)), a, packed, m, k, transposeA);
    // Whole cache lines of C to each task.
    const nc = Math.min(COLS_PER_TASK, Math.max(PANEL, Math.ceil(panels / TASKS / 2) * 2 * PANEL));
    run('matmulWide', Math.ceil(n / nc), 1, packed, b, c, m, n, k, transposeB, nc, bias, activation, residual, before, accumulate);
    return;
  }
  const packed = product.packed ?? packB(launcher, { b, n, k, batch: broadcastB ? 1 : batch, transposeB });
  const mc = Math.min(ROWS_PER_TASK, Math.ceil(m / ROWS) * ROWS);
  const rowBlocks = Math.ceil(m / mc);
  const wanted = batch * rowBlocks >= TASKS ? 1 : Math.min(Math.ceil(panels / 8), Math.ceil(TASKS / (batch * rowBlocks)));
  const nc = Math.ceil(panels / Math.max(1, wanted)) * PANEL;
  const colBlocks = Math.ceil(n / nc);
  const tasks = batch * rowBlocks * colBlocks;
  run(
    'matmul', tasks, Math.ceil(tasks / 2000), a, packed, c, m, n, k, transposeA,
    mc, nc, rowBlocks, colBlocks, m * k, bias, activation, residual, before, broadcastB, accumulate,
  );
}
