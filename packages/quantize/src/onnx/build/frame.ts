import type { ModelShape } from '@llm/model';
import { float } from '../formats/float-data.ts';
import type { OnnxFormat } from '../formats/format.ts';
import { add, called, ints, ONNX_TYPES, type OnnxGraph } from '../graph.ts';
import type { OnnxSource } from '../matrix.ts';

/** What every part of a decoder is built with. */
export interface Build {
  readonly graph: OnnxGraph;
  readonly format: OnnxFormat;
  readonly source: OnnxSource;
  readonly shape: ModelShape;
}

/** Names of what all layers share. */
export interface Frame {
  readonly ids: string;
  /** int64 [batch, length]. */
  readonly positions: string;
  /** What is added to the scores, [batch, 1, length, total]: 0 for tokens that are seen and a large negative number for others. */
  readonly bias: (window: number | undefined) => string;
}

/** Far below any score, and far enough from the end of float16 that a score can be added to it. */
const HIDDEN = { float: -1e9, float16: -3e4 } as const;

/**
 * The inputs of a decoder with a cache, as optimum and transformers.js name them, and the mask made of them: a token sees those before
 * it in its row, itself included, as far as attention_mask has 1 there. Padding may so stand on the left.
 */
export function addFrame({ graph, format, shape }: Build): Frame {
  const { layers, kvHeads, headDim } = shape;
  graph.inputs.push(
    { name: 'input_ids', type: 'int64', shape: ['batch_size', 'sequence_length'] },
    { name: 'attention_mask', type: 'int64', shape: ['batch_size', 'total_sequence_length'] },
    { name: 'position_ids', type: 'int64', shape: ['batch_size', 'sequence_length'] },
  );
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ['key', 'value']) {
      graph.inputs.push({ name: `past_key_values.${layer}.${part}`, type: format.type, shape: ['batch_size', kvHeads, 'past_sequence_length', headDim] });
    }
  }
  const masks = new Map<number | undefined, string>();
  return {
    ids: 'input_ids',
    positions: 'position_ids',
    bias(window) {
      const found = masks.get(window) ?? addMask(graph, { type: format.type, window });
      masks.set(window, found);
      return found;
    },
  };
}

function addMask(graph: OnnxGraph, { type, window }: { type: OnnxFormat['type']; window: number | undefined }): string {
  const at = window === undefined ? 'mask' : `mask.${window}`;
  const step = (op: string, ...inputs: string[]): string => add(graph, op, inputs, { at });
  const sizeOf = (input: string): string => step('Squeeze', add(graph, 'Shape', [input], { at, attributes: { start: { int: 1 }, end: { int: 2 } } }));
  const [zero, one] = [0, 1].map((value) => ints(graph, [value], { scalar: true })) as [string, string];
  const total = sizeOf('attention_mask');
  const past = step('Sub', total, sizeOf('input_ids'));
  const queries = step('Unsqueeze', step('Range', past, total, one), ints(graph, [1]));
  const keys = step('Unsqueeze', step('Range', zero, total, one), ints(graph, [0]));
  const causal = step('LessOrEqual', keys, queries);
  const near = window === undefined ? causal : step('And', causal, step('Greater', keys, step('Sub', queries, ints(graph, [window], { scalar: true }))));
  const there = step('Unsqueeze', add(graph, 'Cast', ['attention_mask'], { at, attributes: { to: { int: ONNX_TYPES.bool.code } } }), ints(graph, [1, 2]));
  return step('Where', step('And', near, there), float(graph, 0, type), float(graph, HIDDEN[type], type));
}

/** States in the other number of bits, where they are not in it already. */
export function cast(graph: OnnxGraph, x: string, { from, to, at }: { from: OnnxFormat['type']; to: OnnxFormat['type']; at: string }): string {
  return from === to ? x : add(graph, 'Cast', [x], { at, attributes: { to: { int: ONNX_TYPES[to].code } } });
}

/** The output of a decoder: x · headᵀ, in 32 bits. */
export function addLogits({ graph, format, source, shape }: Build, hidden: string, headName: string): void {
  const at = 'lm_head';
  const product = format.product(graph, hidden, { matrix: source.matrix(headName), at });
  if (format.type === 'float') called(graph, product, 'logits');
  else add(graph, 'Cast', [product], { at, outputs: ['logits'], attributes: { to: { int: ONNX_TYPES.float.code } } });
  graph.outputs.unshift({ name: 'logits', type: 'float', shape: ['batch_size', 'sequence_length', shape.vocabSize] });
}
