import { fill } from '../fill/fill.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuMemory } from '../gpu/program.ts';
import { defineRowProgram, layRows } from '../gpu/row-program.ts';
import type { GpuLaunch } from '../kernel.ts';
import { runMatmulOnGpu } from '../matmul/run-matmul-on-gpu.ts';

const rowsProgram = defineRowProgram({
  name: 'linearCrossEntropyRows', source: wgsl.nan + wgsl.softCap + wgsl.crossEntropyRows, bindings: ['write', 'read', 'read', 'read', 'write', 'write', 'write'],
  params: { rows: 'u32', words: 'u32', lanes: 'u32', vocab: 'u32', first: 'u32', labelSmoothing: 'f32', zLoss: 'f32', perTemperature: 'f32', softCap: 'f32' },
});
const biasProgram = defineProgram({
  name: 'linearCrossEntropyBias', source: wgsl.crossEntropyBias, bindings: ['read', 'read', 'write'],
  params: { rows: 'u32', words: 'u32', vocab: 'u32', first: 'u32', accumulate: 'u32' },
});
const orderProgram = defineProgram({
  name: 'linearCrossEntropyOrder', source: wgsl.crossEntropyOrder, bindings: ['read', 'write'], params: { rows: 'u32', ignoreIndex: 'i32' },
});
const moveProgram = defineRowProgram({
  name: 'linearCrossEntropyMove', source: wgsl.crossEntropyMove, bindings: ['read', 'read', 'write'], params: { rows: 'u32', words: 'u32', lanes: 'u32', first: 'u32' },
});

/** Logits of a chunk, at most: 64 MiB. */
const CHUNK_LOGITS = 2 ** 24;
/** The chunk's share of all logits, at most, unless the chunk would have fewer rows than fill a card, or is small anyway: 1 MiB. */
const MOST_SHARE = 16;
const MIN_ROWS = 128;
const SMALL_LOGITS = 2 ** 18;

/** Rows of a chunk: chunks of nearly equal length, a function of the sizes alone. */
export function gpuChunkRows(rows: number, vocab: number): number {
  const fitting = (logits: number): number => Math.floor(logits / Math.max(1, vocab));
  const most = Math.max(1, Math.min(fitting(CHUNK_LOGITS), Math.max(fitting(SMALL_LOGITS), MIN_ROWS, Math.floor(rows / MOST_SHARE))));
  return Math.ceil(rows / Math.ceil(rows / most));
}

/**
 * linearCrossEntropy on a graphics card: a chunk of rows at a time becomes logits, losses and gradients. Which rows count is known
 * there alone, so all chunks are dispatched, and those beyond have nothing to do.
 */
export function linearCrossEntropyOnGpu({ at, dims: { rows = 0, width = 0, vocab = 0 }, uniforms, device, run, temporary }: GpuLaunch): void {
  const { hidden, weight, targets, rowScale, bias, loss, dhidden, dweight, dbias, entropy, correct } = at as Record<string, GpuMemory>;
  const { ignoreIndex = -100, labelSmoothing = 0, zLoss = 0, temperature = 1, softCap = 0, precision = 0 } = uniforms;
  const put = (y: GpuMemory | undefined, size: number, value: number): void => {
    if (y !== undefined) fill.webgpu!({ at: { y }, dims: { size }, uniforms: { value }, run, temporary, device });
  };
  for (const port of [loss, entropy, correct]) put(port, rows, vocab === 0 ? NaN : 0);
  put(dhidden, rows * width, 0);
  if (rows === 0 || vocab === 0) {
    // Nothing to sum over.
    put(dweight, vocab * width, 0);
    put(dbias, vocab, 0);
    return;
  }
  const order = temporary((rows + 1) * 4);
  run(orderProgram, { bind: [targets, order], params: { rows, ignoreIndex }, grid: [1] });
  const gradient = dhidden !== undefined || dweight !== undefined || dbias !== undefined;
  const step = gpuChunkRows(rows, vocab);
  // Rows of logits are whole words of four, whatever the vocabulary: the products are faster so. What is behind a row is 0.
  const cols = Math.ceil(vocab / 4) * 4;
  const logits = temporary(step * cols * 4);
  const together = temporary(step * width * 4);
  const gradients = dhidden === undefined ? undefined : temporary(step * width * 4);
  // What one chunk's products need beside is given back before the next.
  let scratch: GpuMemory[] = [];
  const launcher = {
    run, device,
    temporary: (bytes: number): GpuMemory => {
      const memory = device.alloc(bytes);
      scratch.push(memory);
      return memory;
    },
  };
  const release = (): void => {
    for (const memory of scratch) device.free(memory);
    scratch = [];
  };
  try {
    for (let first = 0; first < rows; first += step) {
      const m = Math.min(step, rows - first);
      const accumulate = first > 0 ? 1 : 0;
      const countedRows = { memory: order, of: 'rows', before: first } as const;
      const move = (x: GpuMemory | undefined, y: GpuMemory | undefined, spread: number): void => {
        const { program, params, grid } = layRows(moveProgram, { rows: m, cols: width });
        run(program, { bind: [x, order, y], params: { ...params, first }, grid, constants: { SPREAD: spread } });
      };
      move(hidden, together, 0);
      runMatmulOnGpu(launcher, { a: together, b: weight!, transposeB: 1, c: logits, cRow: cols, m, n: vocab, k: width, bias, precision, counted: countedRows });
      const { program, params, grid } = layRows(rowsProgram, { rows: m, cols });
      run(program, {
        bind: [logits, order, targets, rowScale, loss, entropy, correct],
        params: { ...params, vocab, first, labelSmoothing, zLoss, perTemperature: 1 / temperature, softCap }, grid,
        constants: {
          HAS_SCALE: rowScale === undefined ? 0 : 1, KEEP_ENTROPY: entropy === undefined ? 0 : 1, KEEP_CORRECT: correct === undefined ? 0 : 1, GRADIENT: gradient ? 1 : 0,
        },
      });
      if (gradients !== undefined) {
        runMatmulOnGpu(launcher, { a: logits, aRow: cols, b: weight!, c: gradients, m, n: width, k: vocab, precision, counted: countedRows });
        move(gradients, dhidden, 1);
      }
      if (dweight !== undefined) {
        runMatmulOnGpu(launcher, {
          a: logits, aRow: cols, transposeA: 1, b: together, c: dweight, m: vocab, n: width, k: m, accumulate, precision, counted: { ...countedRows, of: 'terms' },
        });
      }
      if (dbias !== undefined) run(biasProgram, { bind: [logits, order, dbias], params: { rows: m, words: cols / 4, vocab, first, accumulate }, grid: flatGrid(cols / 4, 64) });
      release();
    }
  } finally {
    release();
  }
}
