import { type Kernel, defineKernel } from '../kernel.ts';
import { packB, runMatmul } from '../matmul/run-matmul.ts';
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
 * Cross-entropy of a linear head without storing the logits: with z = hidden · weightᵀ + bias, per row
 *
 *   loss = lse(z) − (1 − ε) z_target − ε · mean(z) + zLoss · lse(z)²
 *
 * and 0 where the target is `ignoreIndex`. The optional gradients are those of Σ rowScale · loss (rowScale 1 where absent), made in
 * the same pass: a few hundred rows at a time become logits, losses and gradients. A target outside the vocabulary gives a
 * loss of NaN, and NaN in the gradients. `precision` is that of the products, as `matmul`
 * takes it. `correct` is 1 where the largest logit (the first of equals) is the target's.
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
    dbias: { dims: ['vocab'], optional: true }, lse: { dims: ['rows'], optional: true }, correct: { dims: ['rows'], optional: true },
  },
  uniforms: { ignoreIndex: -100, labelSmoothing: 0, zLoss: 0, precision: 0 },
  reference: linearCrossEntropyReference,
  wasm({ at, dims: { rows = 0, width = 0, vocab = 0 }, uniforms: { ignoreIndex, labelSmoothing, zLoss }, run, temporary, device }) {
    if (rows === 0 || vocab === 0) {
      // Nothing to sum over.
      if (at.dweight !== 0) run('fillWords', vocab * width, 2 ** 20, at.dweight, 0);
      if (at.dbias !== 0) run('fillWords', vocab, 2 ** 20, at.dbias, 0);
      if (at.dhidden !== 0) run('fillWords', rows * width, 2 ** 20, at.dhidden, 0);
      for (const port of [at.loss, at.lse, at.correct]) if (port !== 0) device.f32(port, rows).fill(NaN);
      return;
    }
    const launcher = { run, temporary };
    const gradient = at.dhidden !== 0 || at.dweight !== 0 || at.dbias !== 0;
    const step = chunkRows(rows, vocab);
    const logits = temporary(step * vocab * 4);
    const many = rows > step;
    const forward = { b: at.weight, n: vocab, k: width, transposeB: 1 };
    const backward = { b: at.weight, n: width, k: vocab };
    const packedForward = many ? { packed: packB(launcher, forward) } : {};
    const packedBackward = many && at.dhidden !== 0 ? { packed: packB(launcher, backward) } : {};
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
      for (let from = 0; from < rows; from += step) {
        const m = Math.min(step, rows - from);
        const offset = from * 4;
        const behind = (address: number): number => (address === 0 ? 0 : address + offset);
        const a = at.hidden + offset * width;
        const accumulate = from > 0 ? 1 : 0;
        runMatmul(chunk, { ...forward, ...packedForward, a, c: logits, m, bias: at.bias });
        run(
          'linearCrossEntropyRows', m, Math.max(1, Math.floor(16_384 / vocab)), logits, at.targets + offset, behind(at.rowScale),
          at.loss + offset, behind(at.lse), behind(at.correct), vocab, ignoreIndex, labelSmoothing, zLoss, gradient ? 1 : 0,
        );
        if (at.dhidden !== 0) runMatmul(chunk, { ...backward, ...packedBackward, a: logits, c: at.dhidden + offset * width, m });
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
