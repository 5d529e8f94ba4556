import { ModelError } from '@llm/model';
import type { GgufValue } from '@llm/tensor';
import { type Keys, readKeys } from './read-keys.ts';
import type { GgufMetadata } from '@llm/tensor';

/** What of a tokenizer.json matters here. */
interface TokenizerFile {
  readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: { readonly type?: string; readonly use_regex?: boolean; readonly add_prefix_space?: boolean; readonly pretokenizers?: readonly { readonly pattern?: { readonly Regex?: string } }[] } | null;
  readonly model: { readonly type?: string; readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly (string | readonly [string, string])[]; readonly ignore_merges?: boolean };
}

/** How a token is treated: as any other, as a special one, or as a text that is found as a whole. */
const TOKEN_TYPES = { normal: 1, control: 3, user: 4, unused: 5 } as const;

const BY_NUMBERS = (numbers: string): string => `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const THREES = BY_NUMBERS('\\p{N}{1,3}');
const ONES = BY_NUMBERS('\\p{N}');

/** What llama.cpp calls the ways to cut a text; `llama-bpe` takes whole pieces that are tokens before any merge, `dbrx` cuts alike and does not. */
function preOf({ pre_tokenizer: cut, model }: TokenizerFile): string {
  const refuse = (found: string): never => {
    throw new ModelError('E_TOKENIZER', `exportGguf: expected a tokenizer that cuts text as GPT-2, GPT-4, Llama 3 or Qwen 2 do but found ${found}. llama.cpp knows ways of cutting by name only; train the tokenizer with one of these.`);
  };
  if (cut?.type === 'ByteLevel') {
    if (cut.add_prefix_space === true) refuse('one that begins every text with a space');
    return cut.use_regex === true && model.ignore_merges !== true ? 'gpt-2' : refuse('one that does not cut, or takes whole tokens before merges');
  }
  const regex = cut?.pretokenizers?.[0]?.pattern?.Regex;
  if (regex === THREES) return model.ignore_merges === true ? 'llama-bpe' : 'dbrx';
  if (regex === ONES && model.ignore_merges !== true) return 'qwen2';
  return refuse(JSON.stringify(regex ?? cut?.type ?? 'nothing').slice(0, 80));
}

const byteLevel = (useRegex: boolean): Record<string, unknown> => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex });
const split = (regex: string): Record<string, unknown> => ({ type: 'Sequence', pretokenizers: [{ type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false }, byteLevel(false)] });

/** The way of cutting by llama.cpp's name. */
const CUTS: Readonly<Record<string, { readonly cut: Record<string, unknown>; readonly ignoreMerges: boolean }>> = {
  'gpt-2': { cut: byteLevel(true), ignoreMerges: false },
  'llama-bpe': { cut: split(THREES), ignoreMerges: true }, llama3: { cut: split(THREES), ignoreMerges: true }, 'llama-v3': { cut: split(THREES), ignoreMerges: true },
  dbrx: { cut: split(THREES), ignoreMerges: false }, 'smaug-bpe': { cut: split(THREES), ignoreMerges: false },
  qwen2: { cut: split(ONES), ignoreMerges: false },
};

export interface TokenizerKeysOptions {
  readonly vocabSize: number;
  readonly bosId?: number | undefined;
  readonly eosIds?: readonly number[] | undefined;
  readonly padId?: number | undefined;
  /** Whether llama.cpp puts the first token before every text. */
  readonly addBos: boolean;
  readonly chatTemplate?: string | undefined;
}

/**
 * The keys of a byte-level BPE tokenizer, from the text of its tokenizer.json. Ids that the model has and the tokenizer has not become unused tokens.
 *
 * @throws ModelError E_TOKENIZER for another kind, a way of cutting text that llama.cpp has no name for, and more tokens than the model has.
 */
export function tokenizerKeys(json: string, { vocabSize, bosId, eosIds, padId, addBos, chatTemplate }: TokenizerKeysOptions): [string, GgufValue][] {
  const file = JSON.parse(json) as TokenizerFile;
  if (file.model?.type !== 'BPE') throw new ModelError('E_TOKENIZER', `exportGguf: expected a byte-level BPE tokenizer but found ${JSON.stringify(file.model?.type)}.`);
  const tokens = Array.from({ length: vocabSize }, (_, id) => `[PAD${id}]`);
  const types: number[] = Array.from({ length: vocabSize }, () => TOKEN_TYPES.unused);
  const put = (token: string, id: number, type: number): void => {
    if (!(id < vocabSize)) throw new ModelError('E_TOKENIZER', `exportGguf: expected a tokenizer of at most ${vocabSize} tokens, as the model has, but found ${JSON.stringify(token)} with id ${id}. Give the tokenizer that the model was trained with.`);
    tokens[id] = token;
    types[id] = type;
  };
  for (const [token, id] of Object.entries(file.model.vocab)) put(token, id, TOKEN_TYPES.normal);
  for (const { content, id, special } of file.added_tokens ?? []) put(content, id, special ? TOKEN_TYPES.control : TOKEN_TYPES.user);
  const id = (key: string, value: number | undefined): [string, GgufValue][] => (value === undefined ? [] : [[`tokenizer.ggml.${key}`, { type: 'u32', value }]]);
  return [
    ['tokenizer.ggml.model', 'gpt2'], ['tokenizer.ggml.pre', preOf(file)],
    ['tokenizer.ggml.tokens', { type: 'array', of: 'string', value: tokens }], ['tokenizer.ggml.token_type', { type: 'array', of: 'i32', value: types }],
    ['tokenizer.ggml.merges', { type: 'array', of: 'string', value: file.model.merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' '))) }],
    ...id('bos_token_id', bosId), ...id('eos_token_id', eosIds?.[0]), ...id('eot_token_id', eosIds?.[1]), ...id('padding_token_id', padId),
    ['tokenizer.ggml.add_bos_token', addBos && bosId !== undefined], ...(chatTemplate === undefined ? [] : [['tokenizer.chat_template', chatTemplate] as [string, GgufValue]]),
  ];
}

/** What a file says of its tokenizer. */
export interface GgufTokenizer {
  /** The text of a tokenizer.json. */
  readonly json: string;
  readonly bosId?: number;
  readonly eosIds?: readonly number[];
  readonly padId?: number;
  readonly addBos: boolean;
  readonly chatTemplate?: string;
}

/**
 * The tokenizer of a file as a tokenizer.json, or undefined where the file has none.
 *
 * @throws ModelError E_TOKENIZER for another kind than byte-level BPE, and for a way of cutting text that is not known here.
 */
export function readTokenizerKeys(metadata: GgufMetadata): GgufTokenizer | undefined {
  const keys: Keys = readKeys(metadata);
  if (!keys.has('tokenizer.ggml.model')) return undefined;
  const kind = keys.text('tokenizer.ggml.model');
  if (kind === 'none' || kind === 'no_vocab') return undefined;
  if (kind !== 'gpt2') throw new ModelError('E_TOKENIZER', `importGguf: expected a byte-level BPE tokenizer (gpt2) but found ${JSON.stringify(kind.slice(0, 40))}. Use the model's Hugging Face folder with a tokenizer of this kind.`);
  const pre = keys.text('tokenizer.ggml.pre', 'gpt-2');
  const found = Object.hasOwn(CUTS, pre) ? CUTS[pre] : undefined;
  if (found === undefined) throw new ModelError('E_TOKENIZER', `importGguf: expected tokenizer.ggml.pre to be one of ${Object.keys(CUTS).join(', ')} but found ${JSON.stringify(pre.slice(0, 40))}.`);
  const tokens = keys.texts('tokenizer.ggml.tokens');
  const types = keys.has('tokenizer.ggml.token_type') ? keys.numbers('tokenizer.ggml.token_type') : [];
  const special = (id: number): boolean => types[id] === TOKEN_TYPES.control || types[id] === TOKEN_TYPES.user;
  // Unused tokens at the end are room in the model, not tokens.
  let size = tokens.length;
  while (size > 0 && types[size - 1] === TOKEN_TYPES.unused) size--;
  const json = JSON.stringify({
    version: '1.0', truncation: null, padding: null,
    added_tokens: tokens.slice(0, size).flatMap((content, id) => (special(id) ? [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: types[id] === TOKEN_TYPES.control }] : [])),
    normalizer: null, pre_tokenizer: found.cut, post_processor: byteLevel(true), decoder: byteLevel(true),
    model: {
      type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: found.ignoreMerges,
      vocab: Object.fromEntries(tokens.slice(0, size).map((token, id) => [token, id])),
      merges: keys.texts('tokenizer.ggml.merges').map((pair) => [pair.slice(0, pair.indexOf(' ', 1)), pair.slice(pair.indexOf(' ', 1) + 1)]),
    },
  });
  const id = (key: string): number | undefined => (keys.has(`tokenizer.ggml.${key}`) ? keys.number(`tokenizer.ggml.${key}`) : undefined);
  const [bosId, eos, eot, padId] = ['bos_token_id', 'eos_token_id', 'eot_token_id', 'padding_token_id'].map(id);
  const eosIds = [...new Set([eos, eot].filter((each) => each !== undefined))];
  return {
    json, addBos: keys.flag('tokenizer.ggml.add_bos_token', pre.startsWith('llama')),
    ...(bosId === undefined ? {} : { bosId }), ...(eosIds.length === 0 ? {} : { eosIds }), ...(padId === undefined ? {} : { padId }),
    ...(keys.has('tokenizer.chat_template') ? { chatTemplate: keys.text('tokenizer.chat_template') } : {}),
  };
}
