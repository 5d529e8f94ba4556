import { addedToken } from './added-tokens.ts';
import { bytesToToken, tokenToBytes } from './byte-level.ts';
import { byteTable } from './byte-table.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { MAX_TOKENS, tooLarge } from './models/read-model.ts';
import type { Split } from './split.ts';
import { shown, TokenizerError } from './tokenizer-error.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What a `.tiktoken` file does not say of its tokenizer. */
export interface TiktokenOptions {
  /** Where merges stop: `cl100kSplit` for cl100k_base, `o200kSplit` for o200k_base, `gpt2Split` for r50k_base and p50k_base. */
  readonly pattern: Split;
  /** Control tokens and their ids, `{ '<|endoftext|>': 100257 }`. */
  readonly specialTokens?: Readonly<Record<string, number>>;
}

/**
 * Reads the ranks of a `.tiktoken` file: a line for each token, its bytes in base64 and its id.
 *
 * As in tiktoken, two neighbours merge where what they spell is a token, that of the lowest id first, and a piece that is a token is that
 * token. Saved as tokenizer.json it has a merge for every way in which a token is two others.
 *
 * @throws TokenizerError E_TOKENIZER_JSON for a line that is none, E_TOKENIZER_VOCAB for ids that repeat and bytes without a token.
 *
 * @example
 * ```ts
 * import { gpt2Split, readTiktoken, tiktokenToText, trainBpe } from '@llm/tokenizer';
 * const trained = await trainBpe(['low lower lowest'], { vocabSize: 260 });
 * const read = readTiktoken(tiktokenToText(trained), { pattern: gpt2Split, specialTokens: { '<|endoftext|>': 260 } });
 * if (read.encode(' lower').join() !== trained.encode(' lower').join()) throw new Error('the same tokens');
 * ```
 */
export function readTiktoken(text: string, { pattern, specialTokens = {} }: TiktokenOptions): Tokenizer {
  const tokens: string[] = [];
  const known = byteTable();
  const idOf: number[] = [];
  const lines = text.split('\n');
  if (lines.length > MAX_TOKENS) throw tooLarge('the file', lines.length, MAX_TOKENS, 'tokens', 'readTiktoken');
  lines.forEach((line, i) => {
    if (line.trim() === '') return;
    const [, encoded, rank] = /^([A-Za-z0-9+/]+=*) (\d{1,7})\s*$/.exec(line) ?? [];
    const bytes = encoded === undefined ? undefined : bytesOf(encoded);
    if (bytes === undefined) throw new TokenizerError('E_TOKENIZER_JSON', `readTiktoken: expected base64 and a number in line ${i + 1} but found ${shown(line)}. Check that the file is a complete .tiktoken file.`);
    const id = Number(rank);
    const index = known.intern(bytes, 0, bytes.length);
    if (id >= MAX_TOKENS || tokens[id] || idOf[index] !== undefined) throw twice(`id ${id} for ${shown(bytesToToken(bytes))} in line ${i + 1}`);
    while (tokens.length <= id) tokens.push('');
    tokens[id] = bytesToToken(bytes);
    idOf[index] = id;
  });
  for (let byte = 0; byte < 256; byte++) {
    if (known.find(Uint8Array.of(byte), 0, 1) < 0) throw new TokenizerError('E_TOKENIZER_VOCAB', `readTiktoken: expected a token for each of the 256 bytes but found none for byte ${byte}. Check that the file is complete.`);
  }
  const lefts: number[] = [];
  const rights: number[] = [];
  const results: number[] = [];
  const find = (bytes: Uint8Array, from: number, to: number): number => {
    const index = known.find(bytes, from, to);
    return index < 0 ? -1 : idOf[index]!;
  };
  tokens.forEach((token, id) => {
    const bytes = tokenToBytes(token)!;
    const ways: [left: number, right: number][] = [];
    for (let at = 1; at < bytes.length; at++) {
      const [left, right] = [find(bytes, 0, at), find(bytes, at, bytes.length)];
      if (left >= 0 && right >= 0) ways.push([left, right]);
    }
    for (const [left, right] of ways.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
      lefts.push(left);
      rights.push(right);
      results.push(id);
    }
  });
  const special = Object.entries(specialTokens).sort((a, b) => a[1] - b[1]);
  for (const [content, id] of special) {
    if (!Number.isInteger(id) || id < 0 || id >= MAX_TOKENS || tokens[id]) throw twice(`id ${id} for ${shown(content)}`);
    while (tokens.length <= id) tokens.push('');
    tokens[id] = content;
  }
  const byteLevel = { type: 'ByteLevel' as const, add_prefix_space: false, trim_offsets: true, use_regex: true };
  return createTokenizer({
    json: {
      version: '1.0', truncation: null, padding: null, added_tokens: special.map(([content, id]) => addedToken(content, id)), normalizer: null,
      pre_tokenizer: pattern.preTokenizer, post_processor: { ...byteLevel, trim_offsets: false }, decoder: byteLevel,
      model: {
        type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: true,
      },
    },
    tokens,
    merges: { lefts: Int32Array.from(lefts), rights: Int32Array.from(rights), results: Int32Array.from(results) },
    order: 'id',
    split: pattern,
  });
}

/**
 * The `.tiktoken` file of a byte-level BPE tokenizer: the tokens of its model with their ids; special tokens are not part of it.
 *
 * @throws TokenizerError E_TOKENIZER_UNSUPPORTED for a tokenizer of another kind.
 */
export function tiktokenToText(tokenizer: Pick<Tokenizer, 'toJSON' | 'specialTokens'>): string {
  const { model } = tokenizer.toJSON();
  const lines = model.type === 'BPE' ? Object.entries(model.vocab).sort((a, b) => a[1] - b[1]).flatMap(([token, id]) => {
    const bytes = tokenToBytes(token);
    return bytes === undefined || tokenizer.specialTokens.has(token) ? [] : [`${btoa(String.fromCharCode(...bytes))} ${id}\n`];
  }) : [];
  if (lines.length < 256) throw new TokenizerError('E_TOKENIZER_UNSUPPORTED', `tiktokenToText: expected a byte-level BPE tokenizer but found ${model.type} with ${lines.length} tokens of bytes. Save it as tokenizer.json.`);
  return lines.join('');
}

function bytesOf(encoded: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function twice(found: string): TokenizerError {
  return new TokenizerError('E_TOKENIZER_VOCAB', `readTiktoken: expected ids below ${MAX_TOKENS} and each token and id once but found ${found}. Check the file, and the ids of the special tokens.`);
}
