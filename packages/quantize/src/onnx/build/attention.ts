import { float } from '../formats/float-data.ts';
import { add, ints } from '../graph.ts';
import type { Build } from './frame.ts';

/** [batch, length, count · headDim] → [batch, length, count, headDim]. */
export function inHeads({ graph, shape: { headDim } }: Build, x: string, { count, at }: { count: number; at: string }): string {
  return add(graph, 'Reshape', [x, ints(graph, [0, 0, count, headDim])], { at });
}

/** [batch, length, heads, headDim] → [batch, heads, length, headDim]. */
export function headsFirst({ graph }: Build, x: string, at: string): string {
  return add(graph, 'Transpose', [x], { at, attributes: { perm: { ints: [0, 2, 1, 3] } } });
}

export interface AttentionParts {
  readonly layer: number;
  readonly at: string;
  /** [batch, heads, length, headDim]. */
  readonly q: string;
  /** [batch, kvHeads, length, headDim]. */
  readonly k: string;
  readonly v: string;
  /** [batch, 1, length, total]. */
  readonly bias: string;
}

/**
 * softmax(q · Kᵀ / √headDim + bias) · V over the cache and what is new, [batch, length, heads · headDim].
 *
 * The heads of a group stand one below the other in one product with the keys they share, so that those are never repeated.
 */
export function addAttention(build: Build, { layer, at, q, k, v, bias }: AttentionParts): string {
  const { graph, format, shape: { heads, kvHeads, headDim } } = build;
  const step = (op: string, ...inputs: string[]): string => add(graph, op, inputs, { at });
  const kept = (part: 'key' | 'value', now: string): string => {
    const name = `present.${layer}.${part}`;
    graph.outputs.push({ name, type: format.type, shape: ['batch_size', kvHeads, 'total_sequence_length', headDim] });
    return add(graph, 'Concat', [`past_key_values.${layer}.${part}`, now], { at, outputs: [name], attributes: { axis: { int: 2 } } });
  };
  const keys = add(graph, 'Transpose', [kept('key', k)], { at, attributes: { perm: { ints: [0, 1, 3, 2] } } });
  const values = kept('value', v);
  // A head that has its keys for itself needs no group.
  const together = (x: string): string => (heads === kvHeads ? x : step('Reshape', x, ints(graph, [0, kvHeads, -1, 0])));
  const apart = (x: string): string => (heads === kvHeads ? x : step('Reshape', x, ints(graph, [0, heads, -1, 0])));
  const scores = step('MatMul', together(step('Mul', q, float(graph, 1 / Math.sqrt(headDim), format.type))), keys);
  const shares = add(graph, 'Softmax', [step('Add', apart(scores), bias)], { at, attributes: { axis: { int: -1 } } });
  const mixed = apart(step('MatMul', together(shares), values));
  const rows = headsFirst(build, mixed, at);
  return step('Reshape', rows, ints(graph, [0, 0, heads * headDim]));
}
