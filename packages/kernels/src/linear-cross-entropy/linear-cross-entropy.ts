import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { packB, runMatmul } from '../matmul/run-matmul.ts';
import type { WasmDevice } from '../runtime/wasm-device.ts';
import { linearCrossEntropyOnGpu } from './linear-cross-entropy-on-gpu.ts';
import { linearCrossEntropyReference } from './reference.ts';

/** Logits of a chunk, at most, unless fewer rows than MIN_ROWS would fit: then the products would be bound by memory. */
const CHUNK_LOGITS = 2 ** 21;
const MIN_ROWS = 96;

/** Rows of a chunk: chunks of nearly equal length, a function of the sizes alone. */
function chunkRows(rows: number, vocab: number): number {
  const most = Math.max(MIN_ROWS, Math.floor(CHUNK_LOGITS / Math.max(1, vocab)));
  const chunks = Math.ceil(rows / most);
  return Math.min(rows, Math.ceil(rows / chunks / 6) * 6);
}

/**
 * Cross-entropy of a linear head without storing the logits: with z = cap(hidden · weightᵀ + bias) / temperature, per row
 *
 *   loss = lse(z) − (1 − ε) z_target − ε · mean(z) + zLoss · lse(z)²
 *
 * and 0 where the target is `ignoreIndex`: such rows cost nothing. The optional gradients are those of Σ rowScale · loss (rowScale 1
 * where absent), made in the same pass: a few hundred rows at a time become logits, losses and gradients. A target outside the
 * vocabulary gives a loss of NaN, and NaN in the gradients. Where `softCap` is above 0, cap(x) = softCap · tanh(x / softCap), else x. `precision` is that of the products, as `matmul` takes it. `entropy` is
 * −Σ p ln p with p = softmax(z), and `correct` 1 where the largest logit (the first of equals) is the target's; both are 0 in
 * ignored rows.
 */
export const linearCrossEntropy: Kernel = defineKernel({
  name: 'linearCrossEntropy',
  paper: 'https://arxiv.org/abs/2410.10989',
  inputs: {
    hidden: { dims: ['rows', 'width'] }, weight: { dims: ['vocab', 'width'] }, targets: { dims: ['rows'], dtype: 'int32' },
    rowScale: { dims: ['rows'], optional: true }, bias: { dims: ['vocab'], optional: true },
  },
  outputs: {
    loss: { dims: ['rows'] },
    dhidden: { dims: ['rows', 'width'], optional: true }, dweight: { dims: ['vocab', 'width'], optional: true },
    dbias: { dims: ['vocab'], optional: true }, entropy: { dims: ['rows'], optional: true }, correct: { dims: ['rows'], optional: true },
  },
  uniforms: { ignoreIndex: -100, labelSmoothing: 0, zLoss: 0, temperature: 1, softCap: 0, precision: 0 },
  reference: linearCrossEntropyReference,
  wasm({ at, dims: { rows = 0, width = 0, vocab = 0 }, uniforms: { ignoreIndex, labelSmoothing, zLoss, temperature, softCap }, run, temporary, device }) {
    const scalars = [at.loss, at.entropy, at.correct].filter((port) => port !== 0);
    const order = temporary(Math.max(1, rows) * 4);
    const counted = vocab === 0 ? 0 : countedRows(device, { targets: at.targets, order, rows, ignoreIndex });
    if (counted < rows) {
      for (const port of scalars) device.f32(port, rows).fill(vocab === 0 ? NaN : 0);
      if (at.dhidden !== 0) run('fillWords', rows * width, 2 ** 20, at.dhidden, 0);
    }
    if (counted === 0) {
      // Nothing to sum over.
      if (at.dweight !== 0) run('fillWords', vocab * width, 2 ** 20, at.dweight, 0);
      if (at.dbias !== 0) run('fillWords', vocab, 2 ** 20, at.dbias, 0);
      return;
    }
    const launcher = { run, temporary };
    const gradient = at.dhidden !== 0 || at.dweight !== 0 || at.dbias !== 0;
    const step = chunkRows(counted, vocab);
    const logits = temporary(step * vocab * 4);
    const many = counted > step;
    const forward = { b: at.weight, n: vocab, k: width, transposeB: 1 };
    const backward = { b: at.weight, n: width, k: vocab };
    const packedForward = many ? { packed: packB(launcher, forward) } : {};
    const packedBackward = many && at.dhidden !== 0 ? { packed: packB(launcher, backward) } : {};
    // Where some rows do not count, those of a chunk that do are brought together, and so are their gradients.
    const scattered = counted < rows;
    const together = scattered ? temporary(step * width * 4) : 0;
    const gradients = scattered && at.dhidden !== 0 ? temporary(step * width * 4) : 0;
    // What one chunk's products pack is given back before the next.
    let packs: number[] = [];
    const chunk = {
      run,
      temporary: (bytes: number): number => {
        const address = device.heap.alloc(bytes);
        packs.push(address);
        return address;
      },
    };
    const release = (): void => {
      for (const address of packs) device.heap.free(address);
      packs = [];
    };
    try {
      for (let from = 0; from < counted; from += step) {
        const m = Math.min(step, counted - from);
        const offset = from * 4;
        const accumulate = from > 0 ? 1 : 0;
        const grain = rowGrain(m, width);
        if (scattered) run('embedding', m, grain, at.hidden, order + offset, together, rows, width);
        const a = scattered ? together : at.hidden + offset * width;
        runMatmul(chunk, { ...forward, ...packedForward, a, c: logits, m, bias: at.bias });
        run(
          'linearCrossEntropyRows', m, Math.max(1, Math.floor(16_384 / vocab)), logits, order + offset, at.targets, at.rowScale,
          at.loss, at.entropy, at.correct, vocab, labelSmoothing, zLoss, 1 / temperature, softCap, gradient ? 1 : 0,
        );
        if (at.dhidden !== 0) {
          runMatmul(chunk, { ...backward, ...packedBackward, a: logits, c: scattered ? gradients : at.dhidden + offset * width, m });
          if (scattered) run('linearCrossEntropySpread', m, grain, gradients, order + offset, at.dhidden, width);
        }
        if (at.dweight !== 0) runMatmul(chunk, { a: logits, b: a, c: at.dweight, m: vocab, n: width, k: m, transposeA: 1, accumulate });
        if (at.dbias !== 0) run('linearCrossEntropyBias', Math.ceil(vocab / 256), 1, logits, at.dbias, m, vocab, accumulate);
        release();
      }
    } finally {
      release();
    }
  },
  webgpu: linearCrossEntropyOnGpu,
});

/** Writes the numbers of the rows whose targets count to `order`, and returns how many there are. */
function countedRows(
  device: WasmDevice, { targets, order, rows, ignoreIndex }: { targets: number; order: number; rows: number; ignoreIndex: number },
): number {
  const numbers = device.i32(order, rows);
  let counted = 0;
  device.i32(targets, rows).forEach((id, row) => { if (id !== ignoreIndex) numbers[counted++] = row; });
  return counted;
}
