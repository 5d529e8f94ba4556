import { headWords } from '@llm/kernels';
import { concat, deviceInUse, embed, headCodes, keep, reshape, scope, slice, type Tensor, tensor, writeRows, zeros } from '@llm/tensor';
import type { ModelShape } from '../model-shape.ts';

/** Keys and values of every layer for a batch of sequences of unequal length, with room up to `capacity`. */
export interface KvCache {
  readonly batch: number;
  readonly capacity: number;
  /** How many positions of each row are filled. */
  readonly lengths: Int32Array;
  /** Keys and values of each layer, [batch, capacity, kvHeads, headDim], or codes of them, int32 [batch, capacity, kvHeads, words]. */
  readonly layers: readonly KeysValues[];
  /** How many bits a number takes; default 32. */
  readonly bits?: 32 | 8 | 4;
  /** For each row a row and how many of their first positions are the same in both, int32 [batch, 2]; undefined where nothing is known. */
  readonly twins: Int32Array | undefined;
  /** Adds keys and values [batch, count, kvHeads, headDim] of one layer behind what is there and returns the whole buffers. */
  append(layer: number, k: Tensor, v: Tensor): KeysValues;
  /** int32 [batch, count]: the positions of the next `count` tokens. It belongs to the cache, which frees it when it advances. */
  positions(count: number): Tensor;
  /**
   * Where the next `count` tokens stand among the keys, as causal attention takes it: one number where all rows are equally long,
   * but a tensor where steps are recorded, since a number would be part of them.
   */
  place(count: number): { readonly offset: number } | { readonly offsets: Tensor; readonly lengths?: Tensor; readonly twins?: Tensor | undefined };
  /** Counts `count` more positions in every row: after all layers have appended. */
  advance(count: number): void;
  /** Keeps the first `lengths[row]` positions of each row: what was padding in a batch of unequal lengths is forgotten. */
  truncate(lengths: ArrayLike<number>): void;
  dispose(): void;
}

export interface KeysValues {
  readonly k: Tensor;
  readonly v: Tensor;
}

export interface KvCacheOptions {
  readonly batch: number;
  readonly capacity: number;
  /** How many bits a number takes: 8 or 4 with a scale for 32 of them (`headCodes`), or 32, the default. */
  readonly bits?: 32 | 8 | 4;
  readonly twins?: Int32Array | undefined;
}

/** An empty cache for a model's shape: 2 · layers · batch · capacity · kvHeads · headDim numbers. Dispose it when done. */
export function kvCache({ layers: count, kvHeads, headDim }: ModelShape, { batch, capacity, bits = 32, twins }: KvCacheOptions): KvCache {
  for (const [name, value] of [['batch', batch], ['capacity', capacity]] as const) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`kvCache: expected a ${name} of 1 or more but found ${value}`);
  }
  const coded = (x: Tensor): Tensor => (bits === 32 ? x : headCodes(x, { bits }));
  const empty = (): Tensor => keep(bits === 32 ? zeros([batch, capacity, kvHeads, headDim]) : zeros([batch, capacity, kvHeads, headWords(headDim, bits)], 'int32'));
  const layers = Array.from({ length: count }, (): KeysValues => ({ k: empty(), v: empty() }));
  const lengths = new Int32Array(batch);
  // Where steps are recorded, positions are the values of a tensor: always on a graphics card, and on wasm those of single tokens.
  const byTensor = (count: number): boolean => deviceInUse() === 'webgpu' || (deviceInUse() === 'wasm' && count === 1);
  // What all layers of one call of the model share.
  let offsets: Tensor | undefined;
  let positions: Tensor | undefined;
  let twinsHeld: Tensor | undefined;
  const lengthsChange = (): void => {
    positions?.dispose();
    offsets?.dispose();
    positions = offsets = undefined;
  };
  // Of the array itself, by which a recorded step knows it.
  const offsetsOf = (): Tensor => (offsets ??= keep(tensor(lengths, [batch], 'int32')));
  return {
    batch,
    capacity,
    lengths,
    layers,
    bits,
    twins,
    append(layer, k, v) {
      const count = k.shape[1]!;
      const longest = Math.max(...lengths);
      if (longest + count > capacity) {
        throw new RangeError(`kvCache: expected room for ${longest + count} positions but found capacity ${capacity}. Make the cache larger or shorten the prompt.`);
      }
      const buffer = layers[layer]!;
      const at = byTensor(count) ? offsetsOf() : lengths;
      scope(() => {
        writeRows(buffer.k, coded(k), at);
        writeRows(buffer.v, coded(v), at);
      });
      return buffer;
    },
    positions(count) {
      if (positions?.shape[1] === count) return positions;
      positions?.dispose();
      positions = keep(byTensor(count) && count === 1 ? reshape(offsetsOf(), [batch, 1])
        : tensor(Int32Array.from({ length: batch * count }, (_, i) => lengths[Math.floor(i / count)]! + (i % count)), [batch, count], 'int32'));
      return positions;
    },
    place(count) {
      if (byTensor(count)) return { offsets: offsetsOf(), twins: twins && (twinsHeld ??= keep(tensor(twins, [batch, 2], 'int32'))) };
      const [first = 0] = lengths;
      if (lengths.every((length) => length === first)) return { offset: first };
      return { offsets: tensor(lengths.slice(), [batch], 'int32'), lengths: tensor(lengths.map((length) => length + count), [batch], 'int32') };
    },
    advance(count) {
      lengthsChange();
      for (let row = 0; row < batch; row++) lengths[row]! += count;
    },
    truncate(kept) {
      lengthsChange();
      for (let row = 0; row < batch; row++) lengths[row] = Math.min(lengths[row]!, kept[row]!);
      // What is cut off is written over, in one row and not in the other.
      if (twins !== undefined) for (let row = 0; row < batch; row++) twins[2 * row + 1] = Math.min(twins[2 * row + 1]!, lengths[row]!, lengths[twins[2 * row]!]!);
      twinsHeld?.dispose();
      twinsHeld = undefined;
    },
    dispose() {
      lengthsChange();
      twinsHeld?.dispose();
      for (const { k, v } of layers) {
        k.dispose();
        v.dispose();
      }
    },
  };
}

/** A cache of only these rows of another, in this order and with room for `capacity` (default as before); the other is freed. */
export function selectRows(
  cache: KvCache, rows: readonly number[], { shape, capacity = cache.capacity }: { shape: ModelShape; capacity?: number },
): KvCache {
  const chosen = kvCache(shape, { batch: rows.length, capacity, bits: cache.bits ?? 32, twins: twinsOf(cache, rows) });
  rows.forEach((from, to) => { chosen.lengths[to] = cache.lengths[from]!; });
  const index = tensor(Int32Array.from(rows), [rows.length], 'int32');
  cache.layers.forEach((layer, i) => {
    for (const part of ['k', 'v'] as const) {
      scope(() => writeRows(chosen.layers[i]![part], rowsOf(layer[part], index, rows), rows.map(() => 0)));
      layer[part].dispose();
    }
  });
  index.dispose();
  cache.dispose();
  return chosen;
}

/** Rows of keys or values copied whole: tfjs's gather goes value by value. */
function rowsOf(values: Tensor, index: Tensor, rows: readonly number[]): Tensor {
  const [batch = 0, ...rest] = values.shape;
  if (values.dtype === 'float32') return reshape(embed(index, reshape(values, [batch, values.size / batch])), [rows.length, ...rest]);
  // Codes must move as bits.
  return concat(rows.map((row) => slice(values, [row, 0, 0, 0], [1, ...rest] as [number, number, number, number])), 0);
}

/** Of rows taken from a cache, which begin alike: copies of one row, and rows that were copies before. */
function twinsOf({ twins, lengths }: KvCache, rows: readonly number[]): Int32Array | undefined {
  const [origins, counts] = [rows.map((from) => twins?.[2 * from] ?? from), rows.map((from) => twins?.[2 * from + 1] ?? lengths[from]!)];
  if (new Set(origins).size === rows.length) return undefined;
  return Int32Array.from(rows.flatMap((_, row) => {
    const first = origins.indexOf(origins[row]!);
    return [first, Math.min(counts[row]!, counts[first]!)];
  }));
}
