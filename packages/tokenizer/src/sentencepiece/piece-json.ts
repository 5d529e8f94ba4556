import { addedToken } from '../added-tokens.ts';
import { vocabOf } from '../models/read-model.ts';
import type { AddedTokenJson, DecoderJson, ModelJson, NormalizerJson, TokenizerJson } from '../tokenizer-json.ts';
import type { ModelProto, Piece } from './model-proto.ts';

/** The tokenizer.json of a SentencePiece model, as the converters of Hugging Face `transformers` write it for Llama and for the others. */
export function pieceJson(proto: ModelProto): TokenizerJson {
  const { addDummyPrefix } = proto;
  const asLlama = isAsLlama(proto);
  return {
    version: '1.0', truncation: null, padding: null, added_tokens: addedPieces(proto),
    normalizer: asLlama ? { type: 'Sequence', normalizers: [...(addDummyPrefix ? [{ type: 'Prepend', prepend: '\u2581' } as const] : []), { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' }] } : normalizerOf(proto),
    pre_tokenizer: asLlama ? null : { type: 'Metaspace', replacement: '\u2581', prepend_scheme: addDummyPrefix ? 'always' : 'never', split: true },
    post_processor: null,
    decoder: pieceDecoder(proto),
    model: modelOf(proto),
  };
}

/** Text as it is, blanks included. */
function isAsLlama({ charsmap, removeExtraWhitespaces }: ModelProto): boolean {
  return charsmap === undefined && !removeExtraWhitespaces;
}

/** Control pieces and the unknown one are special, user-defined ones are not. */
export function addedPieces({ pieces }: ModelProto): AddedTokenJson[] {
  return pieces.flatMap(({ piece, type }, id) => (type === 2 || type === 3 || type === 4 ? [{ ...addedToken(piece, id), special: type !== 4 }] : []));
}

/** How pieces become text again: blanks back, bytes put together, and the blank in front left out. */
export function pieceDecoder(proto: ModelProto): DecoderJson {
  const { addDummyPrefix, byteFallback } = proto;
  if (!byteFallback && !isAsLlama(proto)) return { type: 'Metaspace', replacement: '\u2581', prepend_scheme: addDummyPrefix ? 'always' : 'never', split: true };
  const strip: DecoderJson[] = addDummyPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [];
  return { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '\u2581' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }, ...strip] };
}

function normalizerOf({ charsmap }: ModelProto): NormalizerJson {
  const mapped: NormalizerJson[] = charsmap ? [{ type: 'Precompiled', precompiled_charsmap: toBase64(charsmap) }] : [];
  return { type: 'Sequence', normalizers: [...mapped, { type: 'Strip', strip_left: false, strip_right: true }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '\u2581' }] };
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function modelOf({ kind, pieces, unknown, byteFallback }: ModelProto): ModelJson {
  if (kind === 'Unigram') return { type: 'Unigram', unk_id: unknown, vocab: pieces.map(({ piece, score }) => [piece, score]), byte_fallback: byteFallback };
  return {
    type: 'BPE', dropout: null, unk_token: pieces[unknown]!.piece, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true, byte_fallback: byteFallback, ignore_merges: false,
    vocab: vocabOf(pieces.map(({ piece }) => piece)), merges: mergesOf(pieces),
  };
}

/** Every way in which a piece is two others, by the score of the piece; of one piece those with the lower ids first. */
function mergesOf(pieces: readonly Piece[]): [string, string][] {
  const ids = new Map(pieces.map(({ piece }, id) => [piece, id]));
  const merges = pieces.flatMap(({ piece, score }) => {
    const ways: { left: string; right: string; score: number; leftSize: number; rightSize: number }[] = [];
    const chars = Array.from(piece);
    for (let at = 1; at < chars.length; at++) {
      const [left, right] = [chars.slice(0, at).join(''), chars.slice(at).join('')];
      if (ids.has(left) && ids.has(right)) ways.push({ left, right, score, leftSize: at, rightSize: chars.length - at });
    }
    return ways.sort((a, b) => ids.get(a.left)! - ids.get(b.left)! || ids.get(a.right)! - ids.get(b.right)!);
  });
  merges.sort((a, b) => b.score - a.score || b.leftSize - a.leftSize || b.rightSize - a.rightSize);
  return merges.map(({ left, right }) => [left, right]);
}
