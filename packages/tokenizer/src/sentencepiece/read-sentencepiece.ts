import { readDecoder } from '../decoders/read-decoder.ts';
import { generalTokenizer } from '../general-tokenizer.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { readModelProto } from './model-proto.ts';
import { pieceNormalizer } from './normalize.ts';
import { addedPieces, pieceDecoder, pieceJson } from './piece-json.ts';
import { pieceModel } from './piece-model.ts';

/**
 * Reads a SentencePiece `.model` file, Unigram or BPE, and gives the ids that SentencePiece gives: its charsmap at each place by the longest
 * key, its blanks, its scores in 32 bits, its user-defined, unused and byte pieces. Control pieces such as `<s>` stay text unless
 * `allowSpecial` is given.
 *
 * `toJSON` gives what the converters of `transformers` make of it, which Hugging Face runs a little differently: combining characters, ▁ and
 * tabs in the text, blanks at its ends, and user-defined and unused pieces may be other ids there. The unknown piece decodes to its own text.
 *
 * @throws TokenizerError E_TOKENIZER_MODEL for bytes that are no model, E_TOKENIZER_VOCAB for pieces that repeat or lack,
 * E_TOKENIZER_UNSUPPORTED for models of words or characters and for blanks at the ends of words, E_TOKENIZER_LIMIT.
 *
 * @example
 * ```ts
 * import { readSentencePiece } from '@llm/tokenizer';
 * // Pieces "<unk>" (unknown), "▁a" and "b", as protobuf writes them.
 * const piece = (text: string, type: number): number[] => {
 *   const bytes = [...new TextEncoder().encode(text)];
 *   return [0x0a, bytes.length + 4, 0x0a, bytes.length, ...bytes, 0x18, type];
 * };
 * const tokenizer = readSentencePiece(Uint8Array.from([...piece('<unk>', 2), ...piece('▁a', 1), ...piece('b', 1)]));
 * if (tokenizer.encode(' ab').join() !== '1,2' || tokenizer.decode([1, 2]) !== 'ab') throw new Error('unexpected');
 * ```
 *
 * Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226
 */
export function readSentencePiece(bytes: Uint8Array): Tokenizer {
  // The caller's bytes may change. (What slice gives of a Buffer of Node is the same bytes.)
  const source = Uint8Array.from(bytes);
  const proto = readModelProto(source);
  const tokenizer = generalTokenizer({
    // User-defined pieces are found by the model.
    added: addedPieces(proto).filter(({ special }) => special),
    normalizer: { json: null, run: pieceNormalizer(proto) },
    preTokenizer: { json: null, run: (piece) => [piece], needsPlaces: false },
    postProcessor: null,
    decoder: readDecoder(pieceDecoder(proto)),
    model: { tokens: proto.pieces.map(({ piece }) => piece) },
    cut: pieceModel(proto),
    json: () => pieceJson(proto),
  });
  sources.set(tokenizer, source);
  return tokenizer;
}

const sources = new WeakMap<Tokenizer, Uint8Array>();

/** The file that {@link readSentencePiece} made a tokenizer of. */
export function sourceOf(tokenizer: Tokenizer): Uint8Array | undefined {
  return sources.get(tokenizer);
}
