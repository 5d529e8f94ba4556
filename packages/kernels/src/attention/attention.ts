import { type Kernel, type Launch, type Sizes, defineKernel } from '../kernel.ts';
import { type AttentionCall, attentionBackwardOnGpu, attentionOnGpu } from './attention-on-gpu.ts';
import { attentionBackwardReference, attentionReference } from './reference.ts';

const MAX_WIDTH = 256;
/** Queries are taken six at a time; so many sixes share one packing of the keys at most. */
const MAX_PANELS_PER_TASK = 32;
const BLOCK_KEYS = 128;

export const attentionPorts = {
  q: { dims: ['batch', 'queries', 'heads', 'width'] },
  k: { dims: ['batch', 'keys', 'kvHeads', 'width'] },
  v: { dims: ['batch', 'keys', 'kvHeads', 'width'] },
  bias: { dims: ['biasBatch', 'biasHeads', 'queries', 'keys'], optional: true },
  segments: { dims: ['batch', 'keys'], dtype: 'int32', optional: true },
  lengths: { dims: ['batch'], dtype: 'int32', optional: true },
  offsets: { dims: ['batch'], dtype: 'int32', optional: true },
  prefixes: { dims: ['batch'], dtype: 'int32', optional: true },
} as const;

/** So few queries read keys and values where they lie, since packing would cost more than multiplying. */
const DECODE_QUERIES = 2;
/** Keys of a stretch, at least, where there are more. */
const STRETCH_KEYS = 32;
/** Numbers per task, for its rows of sums and of queries, that fit a thread's scratch memory twice over. */
const DECODE_NUMBERS = 65_536;

export const attentionUniforms = { scale: 0, causal: 0, window: 0, offset: -1, softCap: 0 };

/** Of each row of the batch another row and a count: so many first keys and values are the same in both, and may be read there. */
export const twins = { dims: ['batch', 'pair'], dtype: 'int32', optional: true } as const;

/** Sizes and scalars once they are known to fit. */
function checked(
  name: string,
  { batch = 0, queries = 0, keys = 0, heads = 0, kvHeads = 0, width = 0, biasBatch = 1, biasHeads = 1 }: Sizes,
  { scale, causal, window, offset, softCap }: Readonly<Record<'scale' | 'causal' | 'window' | 'offset' | 'softCap', number>>,
): AttentionCall {
  if (width > MAX_WIDTH) throw new RangeError(`${name}: expected a head width of at most ${MAX_WIDTH} but found ${width}. Use more heads.`);
  if (heads % kvHeads !== 0) {
    throw new RangeError(`${name}: expected heads to be a multiple of kvHeads but found ${heads} and ${kvHeads}. Each key head serves equally many heads.`);
  }
  for (const [dim, size, full] of [['biasBatch', biasBatch, batch], ['biasHeads', biasHeads, heads]] as const) {
    if (size !== 1 && size !== full) throw new RangeError(`${name}: expected ${dim} to be 1 or ${full} but found ${size}. Broadcast the bias first.`);
  }
  return {
    batch, queries, keys, heads, kvHeads, width, scale: scale === 0 ? 1 / Math.sqrt(width) : scale, causal, window: Math.min(window, 2 ** 30),
    offset: offset === -1 ? keys - queries : offset, biasBatchStep: biasBatch === 1 ? 0 : biasHeads, biasHeadStep: biasHeads === 1 ? 0 : 1,
    cap: softCap * Math.LOG2E,
  };
}

/** The same in the order in which the AssemblyScript functions take them. */
export function scalars(...call: Parameters<typeof checked>): number[] {
  const { queries, keys, heads, kvHeads, width, scale, causal, window, offset, biasBatchStep, biasHeadStep, cap } = checked(...call);
  return [queries, keys, heads, kvHeads, width, scale, causal, window, offset, biasBatchStep, biasHeadStep, cap];
}

/** Keys that are read in the order of memory before heads go over them one by one. */
const KEYS_AT_ONCE = 64;

/** Whether queries are so few that keys and values are read where they lie. */
export function decodes({ queries = 0, heads = 1, width = 0 }: Sizes): boolean {
  return queries <= DECODE_QUERIES && queries * heads * (width + 16) <= DECODE_NUMBERS;
}

/**
 * Streams the keys of each row of the batch once; those of few rows are cut into stretches, so that every thread has some. Keys and values
 * may lie in codes of `bits` bits, of which `atOnce` are unpacked at a time.
 */
export function decode(
  { at, dims: { batch = 0, queries = 0, keys = 0, heads = 1, width = 0 }, run, temporary }: Launch, sizes: readonly number[], { bits = 0, atOnce = KEYS_AT_ONCE }: { readonly bits?: number; readonly atOnce?: number } = {},
): void {
  const rows = batch * heads * queries;
  if (rows === 0) return;
  const wanted = Math.max(1, Math.min(Math.ceil(keys / STRETCH_KEYS), Math.ceil(16 / batch)));
  const stretch = Math.max(8, Math.ceil(keys / wanted / 8) * 8);
  const stretches = Math.max(1, Math.ceil(keys / stretch));
  const partial = stretches === 1 ? 0 : temporary(stretches * rows * (4 + Math.ceil(width / 4) * 4) * 4);
  run(
    'attentionDecode', batch * stretches, Math.ceil((batch * stretches) / 2000), at.q!, at.k!, at.v!, at.o!, at.lse!,
    at.bias!, at.segments!, at.lengths!, at.offsets!, at.prefixes!, at.twins!, ...sizes, stretch, stretches, partial, batch, atOnce, bits,
  );
  if (stretches > 1) {
    run('attentionDecodeMerge', rows, Math.max(4, Math.ceil(rows / 1000)), partial, at.o!, at.lse!, queries, heads, width, stretches, rows);
  }
}

/**
 * o = softmax(scale · q kᵀ + bias) v over the keys that each query sees, without storing the scores; `lse` [batch, heads,
 * queries] = log Σ exp(score) is kept for the backward pass. Head h reads key head ⌊h / (heads / kvHeads)⌋.
 *
 * Query i stands at position p = i + offset (default keys − queries: the queries are the last positions) and sees key j
 * where j ≤ p or j < prefixes[batch row] (`causal`), p − j < window (`window` > 0), segments[j] is segments[p] or the trunk of its
 * document, segments[p] mod 2¹⁶, and j < lengths[batch row]. A segment is a document in its low 16 bits and a branch of it above,
 * 0 being the trunk. `offsets` gives each batch row its own offset. `scale` 0 stands for 1/√width. Where `softCap` is above 0, scores are
 * softCap · tanh(scale · q k / softCap) before the bias is added. A query that sees nothing gives 0, and lse −∞.
 *
 * `twins` changes no result: where continuations of one prompt each hold a copy of its keys, a device that reads one of them alone
 * finds it in its cache.
 */
export const attention: Kernel = defineKernel({
  name: 'attention',
  paper: 'https://arxiv.org/abs/2307.08691',
  inputs: { ...attentionPorts, twins },
  outputs: { o: { dims: ['batch', 'queries', 'heads', 'width'] }, lse: { dims: ['batch', 'heads', 'queries'] } },
  uniforms: attentionUniforms,
  reference: attentionReference,
  wasm(call) {
    const { at, dims, uniforms: values, run } = call;
    const { batch = 0, queries = 0, heads = 1, kvHeads = 1 } = dims;
    const sizes = scalars('attention', dims, values);
    if (decodes(dims)) return decode(call, sizes);
    const panels = Math.ceil(queries / 6) * (heads / kvHeads);
    if (panels === 0 || batch * kvHeads === 0) return;
    // Tasks of equal length, at least about 16 of them.
    const wanted = Math.max(Math.ceil(panels / MAX_PANELS_PER_TASK), Math.min(Math.ceil(panels / 4), Math.ceil(16 / (batch * kvHeads))));
    const panelsPerTask = Math.ceil(panels / wanted);
    const perHead = Math.ceil(panels / panelsPerTask);
    const tasks = batch * kvHeads * perHead;
    run(
      'attention', tasks, Math.ceil(tasks / 2000), at.q, at.k, at.v, at.o, at.lse, at.bias, at.segments, at.lengths, at.offsets, at.prefixes,
      ...sizes, panelsPerTask, perHead,
    );
  },
  webgpu(call) {
    attentionOnGpu(call, checked('attention', call.dims, call.uniforms));
  },
});

/** Gradients of attention with respect to q, k and v, from its output and lse; the bias is taken to be constant and gets none. */
export const attentionBackward: Kernel = defineKernel({
  name: 'attentionBackward',
  paper: 'https://arxiv.org/abs/2307.08691',
  inputs: { dout: attentionPorts.q, ...attentionPorts, o: attentionPorts.q, lse: { dims: ['batch', 'heads', 'queries'] } },
  outputs: { dq: attentionPorts.q, dk: attentionPorts.k, dv: attentionPorts.v },
  uniforms: attentionUniforms,
  reference: attentionBackwardReference,
  wasm({ at, dims, uniforms: values, run, temporary }) {
    const { batch = 0, queries = 0, keys = 0, heads = 1, kvHeads = 1, width = 0 } = dims;
    const sizes = scalars('attentionBackward', dims, values);
    const pairs = batch * kvHeads;
    if (pairs === 0) return;
    // Where there are few key heads, several tasks share one, each with a copy of dq that is summed afterwards.
    const splits = Math.max(1, Math.min(Math.ceil(keys / 48), 8, Math.floor(8 / pairs)));
    const blockKeys = splits === 1 ? BLOCK_KEYS : Math.min(BLOCK_KEYS, Math.ceil(keys / splits / 8) * 8);
    const size = batch * queries * heads * width;
    const dq = splits === 1 ? at.dq : temporary(splits * size * 4);
    run(
      'attentionBackward', pairs * splits, Math.ceil((pairs * splits) / 2000), at.dout, at.q, at.k, at.v, at.o, at.lse,
      at.bias, at.segments, at.lengths, at.offsets, at.prefixes, dq, at.dk, at.dv, ...sizes, blockKeys, splits, splits === 1 ? 0 : size * 4,
    );
    if (splits > 1) run('sumRows', Math.ceil(size / 4), Math.max(1024, Math.ceil(size / 4 / 1000)), dq, at.dq, splits, size);
  },
  webgpu(call) {
    attentionBackwardOnGpu(call, checked('attentionBackward', call.dims, call.uniforms));
  },
});
