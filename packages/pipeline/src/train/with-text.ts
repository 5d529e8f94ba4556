import { type Sampler, samplers } from '@llm/model';

/**
 * Leaves out the ids that a model has beyond its tokenizer, which stand for no text: many vocabularies are padded to a round size.
 * Where there are none the sampler stays as it is, so that a graphics card may draw by itself.
 */
export function withText(sampler: Sampler, { size, vocabSize }: { readonly size: number; readonly vocabSize: number }): Sampler {
  if (size >= vocabSize) return sampler;
  const known: Sampler = (list) => {
    const places = list.ids.map((_, at) => at).filter((at) => list.ids[at]! < size);
    return { ids: places.map((at) => list.ids[at]!), logits: Float32Array.from(places, (at) => list.logits[at]!), sorted: list.sorted };
  };
  return samplers([known, sampler]);
}
