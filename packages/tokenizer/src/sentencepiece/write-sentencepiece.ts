import type { Tokenizer } from '../tokenizer.ts';
import { modelFromJson } from './model-from-json.ts';
import type { ModelProto, Piece } from './model-proto.ts';
import { protobufWriter } from './protobuf-writer.ts';
import { sourceOf } from './read-sentencepiece.ts';

/**
 * Writes a SentencePiece `.model` file, which sentencepiece, llama.cpp and others load. A tokenizer of {@link readSentencePiece} comes back byte
 * for byte; of others those are written whose ids SentencePiece gives as well:
 *
 * - Unigram, and BPE over characters with `fuse_unk` or with bytes for what is unknown, every piece of which its merges make;
 * - with a token for what is unknown; pieces for all bytes, or none;
 * - normalizers `Prepend` ▁ (or none) and `Replace` " " by ▁, the pre-tokenizer `Metaspace` with `prepend_scheme` "never", or none;
 * - or normalizers and `Metaspace` as the converters of `transformers` write them for other models, with their `Precompiled` charsmap.
 *
 * Special tokens are control pieces, added tokens that are not special are pieces of users. Scores are rounded to 32 bits, in which SentencePiece
 * adds them up, so of two ways to cut a text that are equally likely it may take the other one. Templates, truncation and padding have no place
 * in the file and are left out.
 *
 * @throws TokenizerError E_TOKENIZER_UNSUPPORTED for a tokenizer that no `.model` file gives the ids of, with the part that is in the way.
 *
 * @example
 * ```ts
 * import { readSentencePiece, trainUnigram, writeSentencePiece } from '@llm/tokenizer';
 * const tokenizer = await trainUnigram(['the cat and the dog', 'the cats and the dogs'], {
 *   vocabSize: 24, specialTokens: ['<unk>', '<s>', '</s>'], unkToken: '<unk>',
 *   normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
 *   preTokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split: true },
 *   decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
 * });
 * const bytes = writeSentencePiece(tokenizer); // save it as tokenizer.model
 * const again = readSentencePiece(bytes);
 * if (again.encode('the cats').join() !== tokenizer.encode('the cats').join() || again.decode(again.encode('the cats')) !== 'the cats') throw new Error('unexpected');
 * ```
 *
 * Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226
 */
export function writeSentencePiece(tokenizer: Tokenizer): Uint8Array {
  return sourceOf(tokenizer)?.slice() ?? modelBytes(modelFromJson(tokenizer.toJSON()));
}

function modelBytes(model: ModelProto): Uint8Array {
  const writer = protobufWriter();
  for (const piece of model.pieces) writer.bytes(1, pieceBytes(piece));
  return writer.bytes(2, trainerBytes(model)).bytes(3, normalizerBytes(model)).finish();
}

function pieceBytes({ piece, score, type }: Piece): Uint8Array {
  const writer = protobufWriter().string(1, piece).float(2, score);
  return (type === 1 ? writer : writer.integer(3, type)).finish();
}

/** What libraries ask of how a model was trained: its kind, its size, and which pieces have which part. */
function trainerBytes({ kind, pieces, byteFallback, unknown }: ModelProto): Uint8Array {
  const control = (names: readonly string[]): number => pieces.findIndex(({ piece, type }) => type === 3 && names.includes(piece));
  const [bos, eos, pad] = [control(['<s>', '[CLS]', '<bos>']), control(['</s>', '[SEP]', '<eos>']), control(['<pad>', '[PAD]'])];
  const writer = protobufWriter().integer(3, kind === 'Unigram' ? 1 : 2).integer(4, pieces.length);
  for (const { piece, type } of pieces) if (type === 4) writer.string(31, piece);
  writer.boolean(35, byteFallback).integer(40, unknown).integer(41, bos).integer(42, eos).integer(43, pad).string(45, pieces[unknown]!.piece);
  [bos, eos, pad].forEach((id, i) => {
    if (id >= 0) writer.string(46 + i, pieces[id]!.piece);
  });
  return writer.finish();
}

function normalizerBytes({ charsmap, addDummyPrefix, removeExtraWhitespaces }: ModelProto): Uint8Array {
  const writer = protobufWriter().string(1, charsmap ? 'user_defined' : 'identity');
  if (charsmap) writer.bytes(2, charsmap);
  return writer.boolean(3, addDummyPrefix).boolean(4, removeExtraWhitespaces).boolean(5, true).finish();
}
