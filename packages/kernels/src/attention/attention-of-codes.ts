import { dequantizeHeads } from '../head-codes/head-codes.ts';
import { headWords } from '../head-codes/layout.ts';
import { dequantizeHeadsReference } from '../head-codes/reference.ts';
import { type Kernel, defineKernel, type Sizes } from '../kernel.ts';
import { attention, attentionPorts, attentionUniforms, decode, decodes, scalars, twins } from './attention.ts';
import { attentionReference } from './reference.ts';

/** Bytes of a thread's scratch for unpacked keys and values: what the queries and sums of decoding surely leave. */
const SCRATCH_FOR_KEYS = 448 * 1024;
const MOST_AT_ONCE = 64;

const codes = { dims: ['batch', 'keys', 'kvHeads', 'words'], dtype: 'int32' } as const;

/** Sizes of the keys as rows of heads. */
const headsOf = ({ batch = 0, keys = 0, kvHeads = 0, width = 0, words = 0 }: Sizes): Sizes => ({ rows: batch * keys * kvHeads, width, words });

/**
 * `attention` over keys and values in codes of `bits` bits, as `quantizeHeads` makes them. On wasm one or two queries read codes as they
 * are; else they become floats for the while.
 */
export const attentionOfCodes: Kernel = defineKernel({
  name: 'attentionOfCodes',
  inputs: { ...attentionPorts, k: codes, v: codes, twins },
  outputs: { o: { dims: ['batch', 'queries', 'heads', 'width'] }, lse: { dims: ['batch', 'heads', 'queries'] } },
  uniforms: { ...attentionUniforms, bits: 8 },
  derive: ({ width = 0 }, { bits }) => ({ words: headWords(width, bits) }),
  reference(io, dims, uniforms) {
    const sizes = headsOf(dims), { rows = 0, width = 0 } = sizes;
    const floats = (x: Float64Array): Float64Array => {
      const y = new Float64Array(rows * width);
      dequantizeHeadsReference({ x, y }, sizes, uniforms);
      return y;
    };
    attentionReference({ ...io, k: floats(io.k), v: floats(io.v) }, dims, uniforms);
  },
  wasm(call) {
    const { at, dims, uniforms, temporary } = call;
    const sizes = headsOf(dims), { rows = 0, width = 0 } = sizes;
    const atOnce = Math.min(MOST_AT_ONCE, Math.floor(SCRATCH_FOR_KEYS / (8 * (dims['kvHeads'] ?? 1) * Math.max(1, width) * 4)) * 4);
    if (decodes(dims) && atOnce >= 4) return decode(call, scalars('attentionOfCodes', dims, uniforms), { bits: uniforms.bits, atOnce });
    const floats = (x: number): number => {
      const y = temporary(rows * width * 4);
      dequantizeHeads.wasm({ ...call, at: { x, y }, dims: sizes });
      return y;
    };
    attention.wasm({ ...call, at: { ...at, k: floats(at.k), v: floats(at.v) } });
  },
  webgpu(call) {
    const { at, dims, temporary } = call;
    const sizes = headsOf(dims), { rows = 0, width = 0 } = sizes;
    const floats = (x: typeof at.k): typeof at.k => {
      const y = temporary(rows * width * 4);
      dequantizeHeads.webgpu!({ ...call, at: { x, y }, dims: sizes });
      return y;
    };
    attention.webgpu!({ ...call, at: { ...at, k: floats(at.k), v: floats(at.v) } });
  },
});
