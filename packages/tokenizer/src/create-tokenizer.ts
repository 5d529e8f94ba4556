import { addedTokenSplitter } from './added-tokens.ts';
import { bpeEncoder, type WholePieces } from './bpe-encoder.ts';
import { tokenToBytes } from './byte-level.ts';
import { byteTable } from './byte-table.ts';
import { checkId, decodeIds, decodeStream, tokenBytes, type TokenBytes } from './decode-bytes.ts';
import { offsetEncoder } from './encode-with-offsets.ts';
import { idSink, type IdSink } from './id-sink.ts';
import { indexMerges, type MergeList } from './merge-word.ts';
import { vocabOf } from './models/read-model.ts';
import { normalizeText } from './normalizers/normalize-text.ts';
import type { Split } from './split.ts';
import { checkText } from './tokenizer-error.ts';
import type { EncodeOptions, Tokenizer } from './tokenizer.ts';
import { templateIds } from './template-ids.ts';
import type { BpeModelJson, TokenizerJson } from './tokenizer-json.ts';

/** All that a tokenizer is made of, already checked. */
export interface TokenizerParts {
  /** Everything of the file but the vocabulary and the merges. */
  readonly json: Omit<TokenizerJson, 'model'> & { readonly model: Omit<BpeModelJson, 'vocab' | 'merges'> };
  /** The tokens of the model, by id; '' where an id has none. */
  readonly tokens: readonly string[];
  readonly merges: MergeList;
  /** Which of two merges comes first: the earlier of the list, or that of the lower id; default the former. */
  readonly order?: 'list' | 'id';
  /** Undefined where a text is one piece. */
  readonly split: Split | undefined;
}

/** Builds the {@link Tokenizer} of checked parts. */
export function createTokenizer(parts: TokenizerParts): Tokenizer {
  const { json } = parts;
  const added = json.added_tokens;
  const tokens = [...parts.tokens];
  for (const { id } of added) while (tokens.length < id) tokens.push('');
  for (const token of added) tokens[token.id] = token.content;
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const bytes = bytesOfTokens(tokens, parts);
  const normalize = json.normalizer && hasNfc(json.normalizer) ? (text: string): string => normalizeText(text, 'NFC') : (text: string): string => text;
  const splitRaw = addedTokenSplitter(added.filter((token) => !token.normalized));
  const splitNormalized = addedTokenSplitter(
    added.filter((token) => token.normalized),
    (token) => normalize(token.content),
  );
  const encodeBytes = bpeEncoder({
    byteIds: byteIdsOf(parts.tokens),
    merges: indexMerges(parts.merges, parts.order),
    pieceEnd: parts.split?.end,
    wholePieces: json.model.ignore_merges ? wholePiecesOf(parts.tokens) : undefined,
  });
  const prefixSpace = json.pre_tokenizer?.type === 'ByteLevel' && json.pre_tokenizer.add_prefix_space;
  const utf8 = new TextEncoder();

  function encodeText(text: string, sink: IdSink): void {
    const piece = utf8.encode(prefixSpace && !text.startsWith(' ') ? ` ${text}` : text);
    encodeBytes(piece, sink);
  }

  const encodeWithOffsets = offsetEncoder({
    splitRaw,
    splitNormalized,
    hasNfc: json.normalizer !== null && hasNfc(json.normalizer),
    encodeText,
    modelTokens: parts.tokens,
    prefixSpace,
    postProcessor: json.post_processor,
    template: () => templateIds(json.post_processor),
  });

  function encode(text: string, options: EncodeOptions = {}): Uint32Array {
    const { allowSpecial = false, addSpecialTokens = false, maxTokens = Infinity } = options;
    checkText('encode', text);
    // Where a function decides, it is asked about places in the text as given, which only offsets know.
    if (typeof allowSpecial === 'function') return encodeWithOffsets(text, options).ids.slice(0, maxTokens);
    const sink = idSink(Math.min(text.length >> 1, maxTokens) + 64, maxTokens);
    const template = addSpecialTokens ? templateIds(json.post_processor) : undefined;
    for (const id of template?.before ?? []) sink.push(id);
    for (const raw of splitRaw(text, { allowSpecial })) {
      if (sink.full()) break;
      if ('id' in raw) sink.push(raw.id);
      else {
        for (const segment of splitNormalized(normalize(raw.text), { allowSpecial })) {
          if ('id' in segment) sink.push(segment.id);
          else encodeText(segment.text, sink);
        }
      }
    }
    for (const id of template?.after ?? []) sink.push(id);
    return sink.finish();
  }

  return {
    size: tokens.length,
    specialTokens: new Map(added.filter((token) => token.special).map((token) => [token.content, token.id])),
    encode,
    encodeWithOffsets(text, options = {}) {
      checkText('encodeWithOffsets', text);
      return encodeWithOffsets(text, options);
    },
    decode: (sequence, options = {}) => decodeIds(bytes, sequence, options),
    idToBytes(id) {
      checkId('idToBytes', id, tokens.length);
      if (bytes.special[id]) return new Uint8Array(0);
      return bytes.arena.slice(bytes.offsets[id]!, bytes.offsets[id + 1]!);
    },
    tokenToId: (token) => ids.get(token),
    idToToken: (id) => tokens[id] || undefined,
    streamDecoder: (options = {}) => decodeStream(bytes, options),
    toJSON: () => toJson(parts),
  };
}

function toJson({ json, tokens, merges: { lefts, rights } }: TokenizerParts): TokenizerJson {
  const merges: [string, string][] = [];
  for (let i = 0; i < lefts.length; i++) merges.push([tokens[lefts[i]!]!, tokens[rights[i]!]!]);
  return { ...structuredClone(json), model: { ...json.model, vocab: vocabOf(tokens), merges } };
}

// Added tokens stand for their own text; the model's tokens for the bytes that they spell, or for their text where
// they hold a character that is no byte.
function bytesOfTokens(tokens: readonly string[], { json }: TokenizerParts): TokenBytes {
  const special = new Uint8Array(tokens.length);
  const utf8 = new TextEncoder();
  const bytes = tokens.map((token) => tokenToBytes(token) ?? utf8.encode(token));
  for (const token of json.added_tokens) {
    bytes[token.id] = utf8.encode(token.content);
    if (token.special) special[token.id] = 1;
  }
  return tokenBytes(bytes, special);
}

function byteIdsOf(tokens: readonly string[]): Int32Array {
  const byteIds = new Int32Array(256).fill(-1);
  tokens.forEach((token, id) => {
    const bytes = token.length === 1 ? tokenToBytes(token) : undefined;
    if (bytes) byteIds[bytes[0]!] = id;
  });
  return byteIds;
}

function wholePiecesOf(tokens: readonly string[]): WholePieces {
  const table = byteTable();
  const ids = new Int32Array(tokens.length);
  tokens.forEach((token, id) => {
    const bytes = tokenToBytes(token);
    if (bytes) ids[table.intern(bytes, 0, bytes.length)] = id;
  });
  return { table, ids };
}

function hasNfc(normalizer: NonNullable<TokenizerJson['normalizer']>): boolean {
  return normalizer.type !== 'Sequence' || normalizer.normalizers.length > 0;
}
