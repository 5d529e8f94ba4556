import type { Fields } from './fields.ts';

/** The ids that begin and end a text, and the one that fills batches, as far as the configuration names them. */
export interface SpecialIds {
  readonly bosId?: number;
  readonly eosIds?: readonly number[];
  readonly padId?: number;
}

/** Reads bos_token_id, eos_token_id (a number or a list) and pad_token_id; −1 counts as absent, as some files write it. */
export function readSpecialIds(config: Fields, vocabSize: number): SpecialIds {
  const one = (key: string): number | undefined => {
    if (!config.has(key) || config.raw(key) === -1) return undefined;
    return config.integer(key, { min: 0, max: vocabSize - 1 });
  };
  const bosId = one('bos_token_id');
  const padId = one('pad_token_id');
  const eos = config.raw('eos_token_id');
  let eosIds: readonly number[] | undefined;
  if (Array.isArray(eos)) {
    if (!eos.every((id) => Number.isInteger(id) && id >= 0 && id < vocabSize)) config.fail('eos_token_id', `ids below vocab_size ${vocabSize}`);
    eosIds = eos as number[];
  } else {
    const id = one('eos_token_id');
    if (id !== undefined) eosIds = [id];
  }
  return {
    ...(bosId === undefined ? {} : { bosId }), ...(eosIds === undefined ? {} : { eosIds }), ...(padId === undefined ? {} : { padId }),
  };
}

/** The three keys of config.json and generation_config.json. */
export function writeSpecialIds({ bosId, eosIds, padId }: SpecialIds): Record<string, unknown> {
  return {
    bos_token_id: bosId ?? null,
    eos_token_id: eosIds === undefined || eosIds.length === 0 ? null : eosIds.length === 1 ? eosIds[0] : [...eosIds],
    pad_token_id: padId ?? null,
  };
}
