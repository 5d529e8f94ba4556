import type { RawTensor } from '@llm/tensor';
import type { Parameter } from '../layers/parameters.ts';

/** Where the numbers of a parameter lie in a stored tensor that holds others too. */
export interface Part {
  /** The number of its first number, and its own shape. */
  readonly start: number;
  readonly shape: readonly number[];
}

const EXPERT = /^(.*)\.(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(w1|w2|w3|gate_proj|up_proj|down_proj)\.weight$/;

/**
 * Where a matrix of an expert may lie: transformers holds those of all experts in one tensor, `experts.gate_up_proj`
 * [experts, 2 · inner, width], gate first, and `experts.down_proj` [experts, width, inner], and can store them so.
 */
export function partOfExperts({ name, shape: [rows = 0, cols = 0] }: Parameter, stored: ReadonlyMap<string, { readonly shape: readonly number[] }>): (Part & { readonly stored: string }) | undefined {
  const [, at, number, matrix] = EXPERT.exec(name) ?? [];
  if (at === undefined) return undefined;
  const down = matrix === 'w2' || matrix === 'down_proj';
  const fused = `${at}.mlp.experts.${down ? 'down_proj' : 'gate_up_proj'}`;
  const found = [fused, fused.replace(/^model\./, '')].find((each) => stored.has(each));
  const info = found === undefined ? undefined : stored.get(found);
  const [experts = 0, ...each] = info?.shape ?? [];
  const expected = [down ? rows : 2 * rows, cols];
  if (found === undefined || Number(number) >= experts || each.join() !== expected.join()) return undefined;
  const second = matrix === 'w3' || matrix === 'up_proj';
  return { stored: found, start: Number(number) * expected[0]! * cols + (second ? rows * cols : 0), shape: [rows, cols] };
}

/** A part of a stored tensor as one of its own. */
export function partOf({ dtype, shape, data }: RawTensor, part: Part | undefined): RawTensor {
  if (part === undefined) return { dtype, shape, data };
  const count = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);
  const bytes = data.byteLength / count(shape);
  return { dtype, shape: part.shape, data: data.slice(part.start * bytes, (part.start + count(part.shape)) * bytes) };
}
