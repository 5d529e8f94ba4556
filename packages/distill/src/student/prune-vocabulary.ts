import { createModel, type ModelConfig, type SpecialIds } from '@llm/model';
import { embed, reshape, scope, type Tensor, tensor, unflatten } from '@llm/tensor';
import { leavesOf, ownTensor, type ParameterOrigin, type Source, type Student } from './parameter-map.ts';

/** Parameters with a row for each token. */
const BY_TOKEN = /(?:embed_tokens|lm_head|wte|word_embeddings|decoder)\.(?:weight|bias)$|(?:predictions|lm_head)\.bias$/;

/**
 * A student that knows only some of its teacher's tokens, in the order that is given: rows of the embedding, of a head of its own and of its
 * bias. The ids that begin, end and fill texts are renamed, and must stay.
 *
 * @throws RangeError for ids that the teacher does not have or that stand there twice, and where a special id does not stay.
 *
 * @example
 * ```ts
 * import { pruneVocabulary } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1, eos_token_id: 15 });
 * const { model: student, params } = pruneVocabulary({ model, params: model.init(0) }, { keep: [15, 3, 4] });
 * if (student.shape.vocabSize !== 3 || (student.config as { eosIds?: number[] }).eosIds?.[0] !== 0) throw new Error('three tokens, the end first');
 * disposeTree(params);
 * ```
 */
export function pruneVocabulary(teacher: Source, { keep }: { readonly keep: readonly number[] }): Student {
  const { vocabSize } = teacher.model.shape;
  const places = new Map(keep.map((id, i) => [id, i]));
  const odd = keep.find((id) => !(Number.isSafeInteger(id) && id >= 0 && id < vocabSize));
  if (odd !== undefined || places.size !== keep.length || keep.length === 0) throw new RangeError(`pruneVocabulary: expected different ids below ${vocabSize} but found ${odd ?? (keep.length === 0 ? 'none' : 'some twice')}.`);
  const renamed = (id: number): number => {
    const place = places.get(id);
    if (place === undefined) throw new RangeError(`pruneVocabulary: expected the special id ${id} among those that stay but did not find it. Add it.`);
    return place;
  };
  const { bosId, eosIds, padId } = teacher.model.config as SpecialIds;
  const config = {
    ...teacher.model.config, vocabSize: keep.length,
    ...(bosId === undefined ? {} : { bosId: renamed(bosId) }), ...(eosIds === undefined ? {} : { eosIds: eosIds.map(renamed) }), ...(padId === undefined ? {} : { padId: renamed(padId) }),
  } as ModelConfig;
  const model = createModel(config);
  const map: ParameterOrigin[] = [];
  const params = scope(() => [...leavesOf(teacher)].map(([path, leaf]): [string, Tensor] => {
    const own = ownTensor(leaf, path);
    const rows = BY_TOKEN.test(path) && own.shape[0] === vocabSize;
    const width = own.size / vocabSize;
    const made = rows ? rowsOf(own, { keep, width }) : own;
    map.push({ to: path, shape: made.shape, from: path, fromShape: own.shape });
    return [path, made];
  }));
  return { model, params: unflatten(params), map };
}

function rowsOf(own: Tensor, { keep, width }: { keep: readonly number[]; width: number }): Tensor {
  const rows = embed(tensor(Int32Array.from(keep), [keep.length], 'int32'), reshape(own, [own.shape[0]!, width]));
  return own.rank === 1 ? reshape(rows, [keep.length]) : rows;
}
