import type { Sampler } from '@llm/model';
import type { Tokenizer } from '@llm/tokenizer';

/** Leaves out the ids that a model has beyond its tokenizer, which stand for no text: many vocabularies are padded to a round size. */
export function withText({ size }: Pick<Tokenizer, 'size'>): Sampler {
  return (list) => {
    if (list.ids.every((id) => id < size)) return list;
    const places = list.ids.map((_, at) => at).filter((at) => list.ids[at]! < size);
    return { ids: places.map((at) => list.ids[at]!), logits: Float32Array.from(places, (at) => list.logits[at]!), sorted: list.sorted };
  };
}
