import { bytesToToken } from '../byte-level.ts';
import { bytePieces } from '../decoders/decoders.ts';
import { arrayAt, booleanAt, field, type Fields, integerAt, objectAt, stringAt, unsupported, wrong } from '../json-fields.ts';
import type { MergeList } from '../merge-word.ts';
import { pairTable } from '../pair-table.ts';
import { shown, TokenizerError } from '../tokenizer-error.ts';
import type { BpeModelJson, UnigramJson, WordLevelJson, WordPieceJson } from '../tokenizer-json.ts';
import { bpe } from './bpe.ts';
import { remembering, type TokenModel } from './model.ts';
import { unigram } from './unigram.ts';
import { wordLevel } from './word-level.ts';
import { wordPiece } from './word-piece.ts';

/** Four times the largest published vocabulary; keeps what a file can cost in bounds. */
export const MAX_TOKENS: number = 2 ** 20;
const MAX_MERGES = 2 ** 21;

/** A `model` of a tokenizer.json: its options, its tokens by id, and what else its kind has. */
export type ReadModel =
  | { readonly options: Omit<BpeModelJson, 'vocab' | 'merges'>; readonly tokens: readonly string[]; readonly merges: MergeList }
  | { readonly options: Omit<WordPieceJson, 'vocab'> | Omit<WordLevelJson, 'vocab'>; readonly tokens: readonly string[] }
  | { readonly options: Omit<UnigramJson, 'vocab'>; readonly tokens: readonly string[]; readonly scores: readonly number[] };

/** Checks `model`. Files of old that do not name its kind have it in their fields. */
export function readModel(value: unknown): ReadModel {
  const model = objectAt(value, 'model');
  const text = (name: string): string => stringAt(field(model, name), `model.${name}`);
  const type = field(model, 'type') ?? kindOf(model);
  switch (type) {
    case 'BPE': {
      const options = readBpeOptions(model);
      const tokens = readVocab(field(model, 'vocab'));
      return { options, tokens, merges: readMerges(field(model, 'merges'), { tokens, prefix: options.continuing_subword_prefix ?? '' }) };
    }
    case 'WordPiece': return {
      options: { type: 'WordPiece', unk_token: text('unk_token'), continuing_subword_prefix: text('continuing_subword_prefix'), max_input_chars_per_word: integerAt(field(model, 'max_input_chars_per_word'), 'model.max_input_chars_per_word') },
      tokens: readVocab(field(model, 'vocab')),
    };
    case 'WordLevel': return { options: { type: 'WordLevel', unk_token: text('unk_token') }, tokens: readVocab(field(model, 'vocab')) };
    case 'Unigram': {
      const entries = arrayAt(field(model, 'vocab'), 'model.vocab');
      if (entries.length > MAX_TOKENS) throw tooLarge('model.vocab', entries.length, MAX_TOKENS, 'tokens');
      const pairs = entries.map((entry, i): [string, number] => {
        const path = `model.vocab[${i}]`;
        const [token, score, ...more] = arrayAt(entry, path);
        if (typeof score !== 'number' || more.length > 0) throw wrong(path, 'a token and its score', entry);
        return [stringAt(token, path), score];
      });
      const unknown = field(model, 'unk_id') ?? null;
      return {
        options: { type: 'Unigram', unk_id: unknown === null ? null : integerAt(unknown, 'model.unk_id', pairs.length), byte_fallback: booleanAt(field(model, 'byte_fallback'), 'model.byte_fallback', false) },
        tokens: pairs.map(([token]) => token), scores: pairs.map(([, score]) => score),
      };
    }
    default: throw unsupported('model.type', type, 'BPE, WordPiece, WordLevel or Unigram');
  }
}

function kindOf(model: Fields): string {
  if (Object.hasOwn(model, 'merges')) return 'BPE';
  if (Array.isArray(field(model, 'vocab'))) return 'Unigram';
  return Object.hasOwn(model, 'continuing_subword_prefix') ? 'WordPiece' : 'WordLevel';
}

function readBpeOptions(model: Fields): Omit<BpeModelJson, 'vocab' | 'merges'> {
  const dropout = field(model, 'dropout') ?? null;
  if (dropout !== null) throw unsupported('model.dropout', dropout, 'null');
  const text = (name: string): string | null => {
    const value = field(model, name) ?? null;
    return value === null ? null : stringAt(value, `model.${name}`);
  };
  const flag = (name: string): boolean => booleanAt(field(model, name), `model.${name}`, false);
  return {
    type: 'BPE', dropout: null, unk_token: text('unk_token'), continuing_subword_prefix: text('continuing_subword_prefix'), end_of_word_suffix: text('end_of_word_suffix'),
    fuse_unk: flag('fuse_unk'), byte_fallback: flag('byte_fallback'), ignore_merges: flag('ignore_merges'),
  };
}

/** The tokens by id, each once; '' where an id has none. */
function readVocab(value: unknown): string[] {
  const vocab = objectAt(value, 'model.vocab');
  const names = Object.keys(vocab);
  if (names.length > MAX_TOKENS) throw tooLarge('model.vocab', names.length, MAX_TOKENS, 'tokens');
  const tokens: string[] = [];
  for (const name of names) {
    stringAt(name, 'a token of model.vocab');
    const id = integerAt(vocab[name], `model.vocab[${shown(name)}]`);
    if (id >= MAX_TOKENS) throw badVocab(`ids from 0 to ${MAX_TOKENS - 1}`, `id ${id} for ${shown(name)}`);
    while (tokens.length <= id) tokens.push('');
    if (tokens[id] !== '') throw badVocab('ids that differ', `id ${id} for both ${shown(tokens[id])} and ${shown(name)}`);
    tokens[id] = name;
  }
  return tokens;
}

/** The ids of tokens as a file has them. */
export function vocabOf(tokens: readonly string[]): Record<string, number> {
  // fromEntries defines `__proto__` as an ordinary key, which an assignment would not.
  return Object.fromEntries(tokens.flatMap((token, id) => (token === '' ? [] : [[token, id] as const])));
}

/** Whether every byte has a token, as a visible character. */
export function coversBytes(tokens: readonly string[]): boolean {
  const known = new Set(tokens.filter(({ length }) => length === 1));
  return Array.from({ length: 256 }, (_, byte) => bytesToToken(Uint8Array.of(byte))).every((char) => known.has(char));
}

/**
 * How a checked model cuts a piece. It never gives the ids in `special`: those are found before a text comes to the model, or stay text.
 */
export function tokenModel(model: ReadModel, special: ReadonlySet<number>): TokenModel {
  const tokens = model.tokens.map((token, id) => (special.has(id) ? '' : token));
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const idOf = (token: string): number | undefined => {
    const id = model.tokens.indexOf(token);
    return id < 0 ? undefined : id;
  };
  const bytes = (): Int32Array => Int32Array.from(bytePieces, (piece) => ids.get(piece) ?? -1);
  if ('scores' in model) {
    const { unk_id: unknown, byte_fallback: fallback } = model.options;
    return remembering(unigram(tokens.map((token, id) => [token, model.scores[id]!] as const), { unknown: unknown ?? undefined, byteIds: fallback ? bytes() : undefined }));
  }
  if ('merges' in model) {
    const { unk_token: unknown, continuing_subword_prefix: prefix, end_of_word_suffix: suffix, fuse_unk: fuses, byte_fallback: fallback, ignore_merges: whole } = model.options;
    return remembering(bpe(ids, model.merges, {
      unknown: unknown === null ? undefined : idOf(unknown), prefix: prefix ?? '', suffix: suffix ?? '', fuseUnknown: fuses, byteIds: fallback ? bytes() : undefined, wholePieces: whole,
    }));
  }
  const { options } = model;
  const unknown = idOf(options.unk_token);
  return options.type === 'WordLevel' ? wordLevel(ids, { unknown })
    : remembering(wordPiece(ids, { unknown, prefix: options.continuing_subword_prefix, maxChars: options.max_input_chars_per_word }));
}

/** The merges by rank, from pairs or from the older `"a b"` strings. Where a pair is listed twice the later one counts. */
function readMerges(value: unknown, { tokens, prefix }: { tokens: readonly string[]; prefix: string }): MergeList {
  const entries = arrayAt(value, 'model.merges');
  if (entries.length > MAX_MERGES) throw tooLarge('model.merges', entries.length, MAX_MERGES, 'merges');
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const idOf = (token: string, path: string): number => {
    const id = ids.get(token);
    if (id === undefined) {
      throw new TokenizerError(
        'E_TOKENIZER_MERGE',
        `tokenizerFromJson: expected ${path} to name tokens of model.vocab but found ${shown(token)}, which has no id. The vocabulary and the merges are not from the same file.`,
      );
    }
    return id;
  };
  const pairs = pairTable();
  const last: number[] = [];
  const results: number[] = [];
  entries.forEach((entry, i) => {
    if (typeof entry === 'string' && entry.startsWith('#version')) return;
    const path = `model.merges[${i}]`;
    const [a, b] = mergeAt(entry, path);
    const pair = pairs.intern(idOf(a, path), idOf(b, path));
    results[pair] ??= idOf(a + (prefix !== '' && b.startsWith(prefix) ? b.slice(prefix.length) : b), path);
    last[pair] = i;
  });
  const order = Array.from(last.keys()).sort((x, y) => last[x]! - last[y]!);
  return {
    lefts: Int32Array.from(order, pairs.left),
    rights: Int32Array.from(order, pairs.right),
    results: Int32Array.from(order, (pair) => results[pair]!),
  };
}

function mergeAt(entry: unknown, path: string): [string, string] {
  const parts = typeof entry === 'string' ? entry.split(' ', 3) : arrayAt(entry, path);
  if (parts.length !== 2) throw wrong(path, 'two tokens', entry);
  return [stringAt(parts[0], path), stringAt(parts[1], path)];
}

function badVocab(expected: string, found: string): TokenizerError {
  return new TokenizerError(
    'E_TOKENIZER_VOCAB',
    `tokenizerFromJson: expected ${expected} but found ${found}. Export the tokenizer again from the library that made it.`,
  );
}

/** The error for more of something than {@link MAX_TOKENS} or {@link MAX_MERGES}. */
export function tooLarge(path: string, found: number, limit: number, unit: string, name: string = 'tokenizerFromJson'): TokenizerError {
  return new TokenizerError(
    'E_TOKENIZER_LIMIT',
    `${name}: expected ${path} to hold at most ${limit} ${unit} but found ${found}. No known tokenizer is that large; the file is damaged or hostile.`,
  );
}
