import { bytesToToken } from './byte-level.ts';
import { arrayAt, booleanAt, field, integerAt, objectAt, stringAt, unsupported, wrong, type Fields } from './json-fields.ts';
import type { MergeList } from './merge-word.ts';
import { pairTable } from './pair-table.ts';
import { shown, TokenizerError } from './tokenizer-error.ts';
import type { BpeModelJson } from './tokenizer-json.ts';

/** Four times the largest published vocabulary; keeps what a file can cost in bounds. */
export const MAX_TOKENS: number = 2 ** 20;
const MAX_MERGES = 2 ** 21;

/** Checks `model` but for its vocabulary and merges. */
export function readModelOptions(model: Fields): Omit<BpeModelJson, 'vocab' | 'merges'> {
  const type = field(model, 'type') ?? 'BPE';
  if (type !== 'BPE') throw unsupported('model.type', type, '"BPE"');
  const dropout = field(model, 'dropout') ?? null;
  if (dropout !== null) throw unsupported('model.dropout', dropout, 'null');
  const affix = (name: string): string | null => {
    const value = field(model, name) ?? null;
    if (value !== null && value !== '') throw unsupported(`model.${name}`, value, 'null or ""');
    return value;
  };
  const unknown = field(model, 'unk_token') ?? null;
  return {
    type: 'BPE',
    dropout: null,
    // Never produced: all 256 bytes have a token.
    unk_token: unknown === null ? null : stringAt(unknown, 'model.unk_token'),
    continuing_subword_prefix: affix('continuing_subword_prefix'),
    end_of_word_suffix: affix('end_of_word_suffix'),
    fuse_unk: booleanAt(field(model, 'fuse_unk') ?? false, 'model.fuse_unk'),
    byte_fallback: booleanAt(field(model, 'byte_fallback') ?? false, 'model.byte_fallback'),
    ignore_merges: booleanAt(field(model, 'ignore_merges') ?? false, 'model.ignore_merges'),
  };
}

/** The tokens by id. Ids must be 0 … n − 1, each once, and every byte must have its token. */
export function readVocab(value: unknown): string[] {
  const vocab = objectAt(value, 'model.vocab');
  const names = Object.keys(vocab);
  if (names.length > MAX_TOKENS) throw tooLarge('model.vocab', names.length, MAX_TOKENS, 'tokens');
  const tokens: string[] = Array.from<string>({ length: names.length });
  for (const name of names) {
    stringAt(name, 'a token of model.vocab');
    const id = integerAt(vocab[name], `model.vocab[${shown(name)}]`);
    if (id >= names.length) {
      throw badVocab(`ids from 0 to ${names.length - 1} for ${names.length} tokens`, `id ${id} for ${shown(name)}`);
    }
    if (tokens[id] !== undefined) throw badVocab('ids that differ', `id ${id} for both ${shown(tokens[id])} and ${shown(name)}`);
    tokens[id] = name;
  }
  for (let byte = 0; byte < 256; byte++) {
    const char = bytesToToken(Uint8Array.of(byte));
    if (!Object.hasOwn(vocab, char)) {
      throw badVocab('a token for each of the 256 bytes', `none for byte ${byte} (${shown(char)})`);
    }
  }
  return tokens;
}

/** The merges by rank, from pairs or from the older `"a b"` strings. Where a pair is listed twice the later one counts. */
export function readMerges(value: unknown, tokens: readonly string[]): MergeList {
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
    results[pair] ??= idOf(a + b, path);
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
export function tooLarge(path: string, found: number, limit: number, unit: string): TokenizerError {
  return new TokenizerError(
    'E_TOKENIZER_LIMIT',
    `tokenizerFromJson: expected ${path} to hold at most ${limit} ${unit} but found ${found}. No known tokenizer is that large; the file is damaged or hostile.`,
  );
}
