import type { ModelConfig } from '@llm/model';

/** A tokenizer as it is saved. */
export interface TokenizerSource {
  /** The text of tokenizer.json. */
  readonly json: string;
  /** Keys for tokenizer_config.json, such as `chat_template`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** tokenizer.json and a tokenizer_config.json that names the tokens which begin, end and fill a text, so that a reader knows them. */
export function tokenizerTexts({ json, config: given = {} }: TokenizerSource, config: ModelConfig): [string, string][] {
  const { added_tokens: added } = JSON.parse(json) as { added_tokens?: { id: number; content: string }[] };
  const byId = new Map((added ?? []).map(({ id, content }) => [id, content]));
  const named = Object.entries({ bos_token: config.bosId, eos_token: config.eosIds?.[0], pad_token: config.padId }).flatMap(([key, id]) => {
    const token = id === undefined ? undefined : byId.get(id);
    return token === undefined ? [] : [[key, token]];
  });
  const settings = {
    tokenizer_class: 'PreTrainedTokenizerFast', ...('maxPositions' in config ? { model_max_length: config.maxPositions } : {}), clean_up_tokenization_spaces: false,
    ...Object.fromEntries(named), ...given,
  };
  return [['tokenizer.json', json], ['tokenizer_config.json', `${JSON.stringify(settings, null, 2)}\n`]];
}
