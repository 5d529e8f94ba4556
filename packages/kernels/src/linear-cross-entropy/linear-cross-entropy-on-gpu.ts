import { fill } from '../fill/fill.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuMemory } from '../gpu/program.ts';
import { defineRowProgram, layRows } from '../gpu/row-program.ts';
import type { GpuLaunch } from '../kernel.ts';
import { runMatmulOnGpu } from '../matmul/run-matmul-on-gpu.ts';

const rowsProgram = defineRowProgram({
  name: 'linearCrossEntropyRows', source: wgsl.nan + wgsl.crossEntropyRows, bindings: ['write', 'read', 'read', 'write', 'write', 'write'],
  params: { rows: 'u32', words: 'u32', lanes: 'u32', vocab: 'u32', first: 'u32', ignoreIndex: 'i32', labelSmoothing: 'f32', zLoss: 'f32' },
});
const biasProgram = defineProgram({
  name: 'linearCrossEntropyBias', source: wgsl.crossEntropyBias, bindings: ['read', 'write'],
  params: { rows: 'u32', words: 'u32', vocab: 'u32', accumulate: 'u32' },
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

/** linearCrossEntropy on a graphics card: a chunk of rows at a time becomes logits, losses and gradients. */
export function linearCrossEntropyOnGpu({ at, dims: { rows = 0, width = 0, vocab = 0 }, uniforms, device, run, temporary }: GpuLaunch): void {
  const { hidden, weight, targets, rowScale, bias, loss, dhidden, dweight, dbias, lse, correct } = at as Record<string, GpuMemory>;
  const { ignoreIndex = -100, labelSmoothing = 0, zLoss = 0, precision = 0 } = uniforms;
  if (rows === 0 || vocab === 0) {
    // Nothing to sum over.
    const put = (y: GpuMemory | undefined, size: number, value: number): void => {
      if (y !== undefined) fill.webgpu!({ at: { y }, dims: { size }, uniforms: { value }, run, temporary, device });
    };
    put(dweight, vocab * width, 0);
    put(dbias, vocab, 0);
    put(dhidden, rows * width, 0);
    for (const port of [loss, lse, correct]) put(port, rows, NaN);
    return;
  }
  const gradient = dhidden !== undefined || dweight !== undefined || dbias !== undefined;
  const step = gpuChunkRows(rows, vocab);
  // Rows of logits are whole words of four, whatever the vocabulary: the products are faster so. What is behind a row is 0.
  const cols = Math.ceil(vocab / 4) * 4;
  const logits = temporary(step * cols * 4);
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
      const start = first * width;
      const accumulate = first > 0 ? 1 : 0;
      runMatmulOnGpu(launcher, { a: hidden!, aStart: start, b: weight!, transposeB: 1, c: logits, cRow: cols, m, n: vocab, k: width, bias, precision });
      const { program, params, grid } = layRows(rowsProgram, { rows: m, cols });
      run(program, {
        bind: [logits, targets, rowScale, loss, lse, correct], params: { ...params, vocab, first, ignoreIndex, labelSmoothing, zLoss }, grid,
        constants: {
          HAS_SCALE: rowScale === undefined ? 0 : 1, KEEP_LSE: lse === undefined ? 0 : 1, KEEP_CORRECT: correct === undefined ? 0 : 1, GRADIENT: gradient ? 1 : 0,
        },
      });
      if (dhidden !== undefined) runMatmulOnGpu(launcher, { a: logits, aRow: cols, b: weight!, c: dhidden, cStart: start, m, n: width, k: vocab, precision });
      if (dweight !== undefined) {
        runMatmulOnGpu(launcher, { a: logits, aRow: cols, transposeA: 1, b: hidden!, bStart: start, c: dweight, m: vocab, n: width, k: m, accumulate, precision });
      }
      if (dbias !== undefined) run(biasProgram, { bind: [logits, dbias], params: { rows: m, words: cols / 4, vocab, accumulate }, grid: flatGrid(cols / 4, 64) });
      release();
    }
  } finally {
    release();
  }
}
