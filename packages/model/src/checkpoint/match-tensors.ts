import type { Dtype } from '@llm/tensor';
import { ModelError, shown } from '../errors.ts';
import { type Parameter, sizeOf } from '../layers/parameters.ts';
import type { Model } from '../model.ts';
import { type Part, partOfExperts } from './fused-experts.ts';

/** What is known of a stored tensor before its values are read. */
export interface StoredInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A parameter with the name under which the checkpoint stores it, and which part of what is there it is, by default all. */
export interface Match {
  readonly parameter: Parameter;
  readonly stored: string;
  readonly part?: Part;
}

const FLOATS: ReadonlySet<Dtype> = new Set(['F32', 'F16', 'BF16', 'F64']);

/**
 * What checkpoints carry beside the parameters: causal masks, rotary frequencies and position ids of old ones, BERT's pooler and its
 * head for next sentences, which masked language models do without, and a table in T5's cross-attention that nothing reads.
 */
const PASSED_OVER = new RegExp([
  '(?:^|\\.)attn\\.(?:bias|masked_bias)$', '(?:^|\\.)rotary_emb\\.inv_freq$', '(?:^|\\.)embeddings\\.position_ids$',
  '^(?:(?:bert|roberta)\\.)?pooler\\.dense\\.', '^cls\\.seq_relationship\\.', 'EncDecAttention\\.relative_attention_bias\\.weight$',
].join('|'));

const HEAD = 'lm_head.weight';

/** Names under which a checkpoint may store a tied tensor again, and the one it is tied to, in the family that has this one. */
const TWINS: readonly (readonly [again: string, of: string])[] = [
  ...['model.embed_tokens.weight', 'transformer.wte.weight', 'shared.weight'].map((of) => [HEAD, of] as const),
  ['encoder.embed_tokens.weight', 'shared.weight'], ['decoder.embed_tokens.weight', 'shared.weight'],
  ['cls.predictions.decoder.weight', 'bert.embeddings.word_embeddings.weight'], ['cls.predictions.decoder.bias', 'cls.predictions.bias'],
  ['lm_head.decoder.weight', 'roberta.embeddings.word_embeddings.weight'], ['lm_head.decoder.bias', 'lm_head.bias'],
];

/** The names under which a parameter may be stored: its own, without the prefix of the whole model, behind one, or as TensorFlow called norms. */
function namesOf(name: string): string[] {
  const found = [name, name.replace(/^(?:model|transformer|bert|roberta)\./, ''), `glm.${name}`];
  return [...found, ...found.map((each) => each.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'))];
}

/** A tensor that is stored twice: both must have the same values. */
export interface Twin {
  readonly again: string;
  readonly stored: string;
}

/**
 * Finds each parameter of a model among the names of a checkpoint, with or without the prefix `model.`, `transformer.`, `bert.` or
 * `roberta.`, or among those of all experts of a layer. What is tied may be stored again: it comes back as `twins`, to be compared.
 *
 * @throws ModelError E_WEIGHTS listing the first five tensors that are missing, unexpected, or of another shape or type.
 */
export function matchTensors(model: Pick<Model, 'parameters'>, stored: ReadonlyMap<string, StoredInfo>): { matches: Match[]; twins: Twin[] } {
  const problems: string[] = [];
  const matches: Match[] = [];
  const used = new Set<string>();
  const left = new Map<string, number>();
  for (const parameter of model.parameters) {
    const name = namesOf(parameter.name).find((each) => stored.has(each));
    const info = name === undefined ? undefined : stored.get(name);
    const part = name === undefined ? partOfExperts(parameter, stored) : undefined;
    if (part !== undefined) {
      const { shape, dtype } = stored.get(part.stored)!;
      used.add(part.stored);
      left.set(part.stored, (left.get(part.stored) ?? sizeOf([{ ...parameter, shape }])) - sizeOf([parameter]));
      if (!FLOATS.has(dtype)) problems.push(`${part.stored} has type ${dtype} where F32, F16, BF16 or F64 can be read`);
      matches.push({ parameter, stored: part.stored, part });
      continue;
    }
    if (name === undefined || info === undefined) {
      problems.push(`${parameter.name} is missing${parameter.name === HEAD ? ' (set tie_word_embeddings if the head is the embedding)' : ''}`);
      continue;
    }
    used.add(name);
    if (info.shape.join() !== parameter.shape.join()) problems.push(`${name} has shape [${info.shape.join(', ')}] where the configuration has [${parameter.shape.join(', ')}]`);
    else if (!FLOATS.has(info.dtype)) problems.push(`${name} has type ${info.dtype} where F32, F16, BF16 or F64 can be read`);
    matches.push({ parameter, stored: name });
  }
  for (const [name, numbers] of left) if (numbers > 0) problems.push(`${name} has shape [${stored.get(name)!.shape.join(', ')}], more experts than the configuration has`);
  const twins = TWINS.flatMap(([again, of]): Twin[] => {
    const match = matches.find(({ parameter }) => parameter.name === of);
    return match === undefined || !stored.has(again) || used.has(again) ? [] : [{ again, stored: match.stored }];
  });
  for (const name of stored.keys()) {
    if (!used.has(name) && !twins.some(({ again }) => again === name) && !PASSED_OVER.test(name)) problems.push(`${shown(name)} is no parameter of this model`);
  }
  if (problems.length > 0) {
    throw new ModelError('E_WEIGHTS', `loadPretrained: expected the ${model.parameters.length} tensors of the configuration but found ${problems.length} that differ: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}. Use the config.json that belongs to this checkpoint.`);
  }
  return { matches, twins };
}
