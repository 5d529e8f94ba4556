import type { ModelConfig } from '../config/config.ts';
import { ModelError, shown } from '../errors.ts';

interface AddedToken { readonly id: number; readonly content: string; readonly special: boolean }

/** The tokens that a tokenizer.json adds to its vocabulary. */
function addedTokens(tokenizer: unknown): AddedToken[] {
  const added = (tokenizer as { added_tokens?: unknown } | null)?.added_tokens;
  if (!Array.isArray(added)) throw new ModelError('E_TOKENIZER', `savePretrained: expected tokenizer.json with added_tokens but found ${shown(added)}. Give the text of a tokenizer.json.`);
  return added.filter((token): token is AddedToken => typeof token?.id === 'number' && typeof token.content === 'string');
}

/** How many ids the vocabulary and the added tokens of a tokenizer.json span, or undefined where its model lists none. */
function idsOf(tokenizer: unknown, added: readonly AddedToken[]): number | undefined {
  const vocab = (tokenizer as { model?: { vocab?: unknown } }).model?.vocab;
  if (typeof vocab !== 'object' || vocab === null) return undefined;
  let most = -1;
  if (Array.isArray(vocab)) most = vocab.length - 1;
  else for (const id of Object.values(vocab)) if (typeof id === 'number' && id > most) most = id;
  for (const { id } of added) most = Math.max(most, id);
  return most + 1;
}

/**
 * The tokenizer_config.json and special_tokens_map.json that belong to a tokenizer.json, so that AutoTokenizer knows which
 * tokens begin, end and fill a text: those that the model's configuration names by id.
 */
export function tokenizerFiles(
  tokenizer: unknown, config: ModelConfig, extra: Readonly<Record<string, unknown>> = {},
): { tokenizerConfig: Record<string, unknown>; specialTokensMap: Record<string, string> } {
  const added = addedTokens(tokenizer);
  const ids = idsOf(tokenizer, added);
  if (ids !== undefined && ids > config.vocabSize) {
    throw new ModelError('E_TOKENIZER', `savePretrained: expected a tokenizer of at most ${config.vocabSize} ids, as the model has, but found ${ids}. Save the tokenizer that the model was trained with.`);
  }
  const byId = new Map(added.map(({ id, content }) => [id, content]));
  const map: Record<string, string> = {};
  const name = (key: string, id: number | undefined): void => {
    const token = id === undefined ? undefined : byId.get(id);
    if (token !== undefined) map[key] = token;
  };
  name('bos_token', config.bosId);
  name('eos_token', config.eosIds?.[0]);
  name('pad_token', config.padId);
  return {
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast', ...('maxPositions' in config ? { model_max_length: config.maxPositions } : {}), clean_up_tokenization_spaces: false, ...map, ...extra,
    },
    specialTokensMap: map,
  };
}
