import { keep, type Tensor, tensor, writeRows, zeros } from '@llm/tensor';
import type { ModelShape } from '../model.ts';

/** Keys and values of every layer for a batch of sequences of unequal length, with room up to `capacity`. */
export interface KvCache {
  readonly batch: number;
  readonly capacity: number;
  /** How many positions of each row are filled. */
  readonly lengths: Int32Array;
  /** Adds keys and values [batch, count, kvHeads, headDim] of one layer behind what is there and returns the whole buffers. */
  append(layer: number, k: Tensor, v: Tensor): { k: Tensor; v: Tensor };
  /** int32 [batch, count]: the positions of the next `count` tokens. */
  positions(count: number): Tensor;
  /** int32 [batch]: where the next tokens start, and how many positions will be filled after `count` more. */
  offsets(): Tensor;
  filled(count: number): Tensor;
  /** Counts `count` more positions in every row, or `counts[row]` in each: after all layers have appended. */
  advance(count: number | readonly number[]): void;
  /** Keeps the first `lengths[row]` positions of each row. */
  truncate(lengths: readonly number[]): void;
  dispose(): void;
}

/** An empty cache for a model's shape: 2 · layers · batch · capacity · kvHeads · headDim floats. */
export function kvCache({ layers, kvHeads, headDim }: ModelShape, { batch, capacity }: { batch: number; capacity: number }): KvCache {
  const buffers = Array.from({ length: layers }, () => ({
    k: keep(zeros([batch, capacity, kvHeads, headDim])), v: keep(zeros([batch, capacity, kvHeads, headDim])),
  }));
  const lengths = new Int32Array(batch);
  return {
    batch,
    capacity,
    lengths,
    append(layer, k, v) {
      const count = k.shape[1]!;
      const longest = Math.max(...lengths);
      if (longest + count > capacity) {
        throw new RangeError(`kvCache: expected room for ${longest + count} positions but found capacity ${capacity}. Make the cache larger or shorten the prompt.`);
      }
      const buffer = buffers[layer]!;
      writeRows(buffer.k, k, lengths);
      writeRows(buffer.v, v, lengths);
      return buffer;
    },
    positions: (count) => tensor(Int32Array.from({ length: batch * count }, (_, i) => lengths[Math.floor(i / count)]! + (i % count)), [batch, count], 'int32'),
    offsets: () => tensor(lengths.slice(), [batch], 'int32'),
    filled: (count) => tensor(lengths.map((length) => length + count), [batch], 'int32'),
    advance(count) {
      for (let row = 0; row < batch; row++) lengths[row]! += typeof count === 'number' ? count : count[row]!;
    },
    truncate(kept) {
      for (let row = 0; row < batch; row++) lengths[row] = Math.min(lengths[row]!, kept[row]!);
    },
    dispose() {
      for (const { k, v } of buffers) {
        k.dispose();
        v.dispose();
      }
    },
  };
}
