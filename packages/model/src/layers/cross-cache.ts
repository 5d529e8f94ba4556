import { keep, scope, type Tensor } from '@llm/tensor';
import type { EncoderDecoderShape } from '../model-shape.ts';
import { type KeysValues, kvCache, type KvCache } from './kv-cache.ts';

/** Keys and values of a decoder: its own, which grow, and those of the text that it reads, which are made once. */
export interface CrossCache {
  readonly own: KvCache;
  /** The keys and values of the encoded text in one layer; `make` gives them where nothing is kept yet. */
  read(layer: number, make: () => KeysValues): KeysValues;
  dispose(): void;
}

/** An empty cache for the decoder of a model, with room for `capacity` tokens. Dispose it when done; it serves one encoded text. */
export function crossCache({ decoderLayers, ...shape }: EncoderDecoderShape, { batch, capacity }: { batch: number; capacity: number }): CrossCache {
  const own = kvCache({ ...shape, layers: decoderLayers }, { batch, capacity });
  const read: (KeysValues | undefined)[] = [];
  return {
    own,
    read(layer, make) {
      return read[layer] ??= scope(() => {
        const { k, v } = make();
        return { k: keep(k), v: keep(v) };
      });
    },
    dispose() {
      own.dispose();
      for (const made of read) for (const tensor of [made?.k, made?.v] as (Tensor | undefined)[]) tensor?.dispose();
    },
  };
}
