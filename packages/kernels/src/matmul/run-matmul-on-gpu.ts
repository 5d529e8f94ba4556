import type { GpuMemory } from '../gpu/program.ts';
import { flatGrid } from '../gpu/program.ts';
import type { GpuLaunch } from '../kernel.ts';
import { type MatmulPlan, stepsOf } from './choose-matmul.ts';
import { matmulPlanOf } from './matmul-plan-of.ts';
import { JOIN, PROGRAMS, TO_HALF, type Words } from './matmul-programs.ts';

/** A product on memory of a graphics card: c [batch, m, n] = activation(op(a) · op(b) + bias) + residual. */
export interface GpuProduct {
  readonly a: GpuMemory;
  readonly b: GpuMemory;
  readonly c: GpuMemory;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly transposeA?: number;
  readonly transposeB?: number;
  /** One b serves all of the batch. */
  readonly broadcastB?: number;
  /** c += instead of c =; the sum goes through the rest as one. */
  readonly accumulate?: number;
  /** 1 allows operands to be rounded to f16 where the card has it. */
  readonly precision?: number;
  readonly bias?: GpuMemory | undefined;
  readonly activation?: number;
  readonly residual?: GpuMemory | undefined;
  readonly before?: GpuMemory | undefined;
  /** Where the first matrix begins, in numbers. */
  readonly aStart?: number;
  readonly bStart?: number;
  readonly cStart?: number;
  /**
   * From one stored row to the next, in numbers; default the row's length. Where it is a multiple of four and the row's length
   * is not, rows of a must go on with zeros to the next multiple; rows of c do so afterwards where a and b are whole words too.
   */
  readonly aRow?: number;
  readonly cRow?: number;
  /**
   * How many rows of c count, or terms of each sum, where that is known on the card alone: the number in its memory less `before`,
   * at most m or k. Tiles of other rows are skipped and leave c as it is.
   */
  readonly counted?: { readonly memory: GpuMemory; readonly of: 'rows' | 'terms'; readonly before: number } | undefined;
  /** How it is done; default is what was measured on the device for such shapes, or else chosen. */
  readonly plan?: MatmulPlan | undefined;
}

type Launcher = Pick<GpuLaunch, 'run' | 'temporary' | 'device'>;

const JOIN_WORDS_PER_GROUP = 64;
const HALF_WORDS_PER_GROUP = 256;

const whole = (...sizes: readonly number[]): boolean => sizes.every((size) => size % 4 === 0);

/** Runs a product with what a kernel's launch has at hand, so that other kernels can be made of products. */
export function runMatmulOnGpu({ run, temporary, device }: Launcher, product: GpuProduct): void {
  const {
    a, b, c, n, k, transposeB = 0, accumulate = 0, precision = 0, bias, activation = 0, residual, before, aStart = 0, bStart = 0, cStart = 0, counted, plan,
  } = product;
  let { m, batch = 1, transposeA = 0 } = product;
  if (m === 0 || n === 0 || batch === 0) return;
  let aRow = product.aRow ?? (transposeA ? m : k);
  const bRow = transposeB ? k : n;
  const cRow = product.cRow ?? n;
  const shared = (product.broadcastB ?? 0) === 1;
  if (shared && !transposeA && aRow === k && cRow === n) {
    m *= batch;
    batch = 1;
  }
  if (transposeA && m === 1 && aRow === 1) {
    transposeA = 0;
    aRow = k;
  }
  const aBatch = (transposeA ? k : m) * aRow;
  const bBatch = shared ? 0 : (transposeB ? n : k) * bRow;
  const cBatch = m * cRow;

  const { program, constants, tileM, tileN, splits, lanes = 1, packed = false } = plan ?? matmulPlanOf(device, { batch, m, n, k, transposeA, transposeB, precision });
  const kStep = stepsOf(k, splits);
  const parts = Math.max(1, Math.ceil(k / kStep));
  const operands = whole(aStart, aRow, bStart, bRow) && (batch === 1 || whole(aBatch, bBatch));
  const results = whole(cStart, cRow) && (batch === 1 || whole(cBatch)) && ((residual === undefined && before === undefined) || whole(n));
  const words = (both: boolean): Words => (operands ? (both ? 'both' : 'operands') : 'neither');
  const layout = {
    TRANSPOSE_A: transposeA, TRANSPOSE_B: transposeB, COUNTED_ROWS: counted?.of === 'rows' ? 1 : 0, COUNTED_TERMS: counted?.of === 'terms' ? 1 : 0,
  };
  const epilogue = {
    ACCUMULATE: accumulate, HAS_BIAS: bias === undefined ? 0 : 1, ACTIVATION: activation,
    HAS_RESIDUAL: residual === undefined ? 0 : 1, KEEP_BEFORE: before === undefined ? 0 : 1,
  };
  const grid = flatGrid(batch * parts * Math.ceil(m / tileM) * Math.ceil(n / tileN), 1);
  const round = (x: GpuMemory, start: number, length: number): GpuMemory => {
    const y = temporary(2 * length);
    run(TO_HALF, { bind: [x, y], params: { start: start / 4, words: length / 4 }, grid: flatGrid(length / 4, HALF_WORDS_PER_GROUP) });
    return y;
  };
  const rounds = packed && operands;
  const left = rounds ? round(a, aStart, batch * aBatch) : a;
  const right = rounds ? round(b, bStart, shared ? (transposeB ? n : k) * bRow : batch * bBatch) : b;
  const params = {
    batch, m, n, k, aStart: rounds ? 0 : aStart, aBatch, aRow, bStart: rounds ? 0 : bStart, bBatch, bRow, splits: parts, kStep, lanes, countedBefore: counted?.before ?? 0,
  };
  if (parts === 1) {
    run(PROGRAMS[program][words(results)], {
      bind: [left, right, c, bias, residual, before, counted?.memory], params: { ...params, cStart, cBatch, cRow, cSplit: 0 }, grid, constants: { ...constants, ...layout, ...epilogue },
    });
    return;
  }
  // Rows of the parts are whole words, whatever n.
  const row = Math.ceil(n / 4) * 4;
  const partials = temporary(4 * parts * batch * m * row);
  run(PROGRAMS[program][words(true)], {
    bind: [left, right, partials, undefined, undefined, undefined, counted?.memory], params: { ...params, cStart: 0, cBatch: m * row, cRow: row, cSplit: batch * m * row }, grid, constants: { ...constants, ...layout },
  });
  run(JOIN[results ? 'both' : 'operands'], {
    bind: [partials, undefined, c, bias, residual, before],
    params: { ...params, aStart: 0, aBatch: batch * m * row, aRow: row, cStart, cBatch, cRow, cSplit: 0 },
    grid: flatGrid((batch * m * row) / 4, JOIN_WORDS_PER_GROUP), constants: epilogue,
  });
}
