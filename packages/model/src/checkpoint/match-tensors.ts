import type { Dtype } from '@llm/tensor';
import { ModelError, shown } from '../errors.ts';
import type { Parameter } from '../layers/parameters.ts';
import type { Model } from '../model.ts';

/** What is known of a stored tensor before its values are read. */
export interface StoredInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A parameter with the name under which the checkpoint stores it. */
export interface Match {
  readonly parameter: Parameter;
  readonly stored: string;
}

const FLOATS: ReadonlySet<Dtype> = new Set(['F32', 'F16', 'BF16', 'F64']);

/** Buffers that old checkpoints carry beside the parameters: causal masks and rotary frequencies. */
const BUFFERS = /(?:^|\.)(?:attn\.(?:bias|masked_bias)|rotary_emb\.inv_freq)$/;

const HEAD = 'lm_head.weight';

/**
 * Finds each parameter of a model among the names of a checkpoint, with or without the prefix `model.` or `transformer.`.
 * A tied model may store its head again: it comes back as `head`, to be compared with the embedding.
 *
 * @throws ModelError E_WEIGHTS listing the first five tensors that are missing, unexpected, or of another shape or type.
 */
export function matchTensors(model: Pick<Model, 'parameters' | 'shape'>, stored: ReadonlyMap<string, StoredInfo>): { matches: Match[]; head?: string } {
  const problems: string[] = [];
  const matches: Match[] = [];
  const used = new Set<string>();
  for (const parameter of model.parameters) {
    const short = parameter.name.replace(/^(?:model|transformer)\./, '');
    const name = stored.has(parameter.name) ? parameter.name : short;
    const info = stored.get(name);
    if (info === undefined) {
      problems.push(`${parameter.name} is missing${parameter.name === HEAD ? ' (set tie_word_embeddings if the head is the embedding)' : ''}`);
      continue;
    }
    used.add(name);
    if (info.shape.join() !== parameter.shape.join()) problems.push(`${name} has shape [${info.shape.join(', ')}] where the configuration has [${parameter.shape.join(', ')}]`);
    else if (!FLOATS.has(info.dtype)) problems.push(`${name} has type ${info.dtype} where F32, F16, BF16 or F64 can be read`);
    matches.push({ parameter, stored: name });
  }
  const head = model.shape.tied && stored.has(HEAD) ? HEAD : undefined;
  for (const name of stored.keys()) {
    if (!used.has(name) && name !== head && !BUFFERS.test(name)) problems.push(`${shown(name)} is no parameter of this model`);
  }
  if (problems.length > 0) {
    throw new ModelError('E_WEIGHTS', `loadPretrained: expected the ${model.parameters.length} tensors of the configuration but found ${problems.length} that differ: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}. Use the config.json that belongs to this checkpoint.`);
  }
  return { matches, ...(head === undefined ? {} : { head }) };
}
