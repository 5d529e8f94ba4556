import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { sampleReference } from './reference.ts';

const program = defineProgram({
  name: 'sample', source: wgsl.sampleTokens + wgsl.sample, bindings: ['read', 'read', 'write', 'write'],
  params: {
    rows: 'u32', vocab: 'u32', topK: 'u32', ordered: 'u32', greedy: 'u32', idBits: 'u32', topP: 'f32', logMinP: 'f32', inverse: 'f32', steps: 'f32',
  },
});

/** A logit so far below the largest, at a temperature of 1, is never drawn: its power of e is below 2⁻⁴⁶. */
const REACH = 32;
const STEPS = 2 ** 21;
const LARGEST = 3e38;

/**
 * Draws a token for each row of logits: keeps the `topK` likeliest (0 for all), of these the fewest whose probabilities sum to
 * `topP` or more, of these those at least `minP` times as likely as the likeliest, divides their logits by `temperature` (0 takes
 * the likeliest), and takes the one at which the summed probabilities pass the row's draw, a number in [0, 1). They are summed from
 * the likeliest down, equals by id, or by id alone where `topK` and `topP` are off. `logprob` is log softmax(logits) of the token, before all that.
 *
 * A row with a NaN, or whose largest logit is infinite, gives −1 and a logprob of 0.
 */
export const sample: Kernel = defineKernel({
  name: 'sample',
  paper: 'https://arxiv.org/abs/1904.09751',
  inputs: { logits: { dims: ['rows', 'vocab'] }, draws: { dims: ['rows'] } },
  outputs: { ids: { dims: ['rows'], dtype: 'int32' }, logprob: { dims: ['rows'] } },
  uniforms: { temperature: 1, topK: 0, topP: 1, minP: 0 },
  reference: sampleReference,
  wasm({ at, dims: { rows = 0, vocab = 0 }, uniforms: { temperature, topK, topP, minP }, run, temporary }) {
    const ordered = temperature !== 0 && (topK > 0 || topP < 1);
    const room = topK > 0 ? Math.min(topK, vocab) : vocab;
    run(
      'sample', rows, 1, at.logits, at.draws, at.ids, at.logprob, ordered ? temporary(rows * room * 8) : 0, vocab, room,
      temperature, topP, minP > 0 ? Math.log(minP) : -LARGEST,
    );
  },
  webgpu({ at, dims: { rows = 0, vocab = 0 }, uniforms: { temperature, topK, topP, minP }, run }) {
    run(program, {
      bind: [at.logits, at.draws, at.ids, at.logprob],
      params: {
        rows, vocab, topK: topK > 0 ? Math.min(topK, vocab) : vocab, ordered: Number(topK > 0 || topP < 1), greedy: Number(temperature === 0),
        idBits: 3 * Math.max(1, Math.ceil(Math.log2(Math.max(2, vocab)) / 3)), topP, logMinP: minP > 0 ? Math.log(minP) : -LARGEST,
        inverse: temperature === 0 ? 0 : Math.min(1e30, 1 / temperature), steps: STEPS / (REACH * Math.max(1, temperature)),
      },
      grid: flatGrid(rows, 1),
    });
  },
});
