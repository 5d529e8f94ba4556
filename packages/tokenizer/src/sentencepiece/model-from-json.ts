import type { AddedTokenJson, DecoderJson, ModelJson, TokenizerJson } from '../tokenizer-json.ts';
import { bytePieces } from '../decoders/decoders.ts';
import { shown } from '../tokenizer-error.ts';
import { mergeScores } from './merge-scores.ts';
import type { ModelProto, Piece } from './model-proto.ts';
import { blanksOf } from './blanks-of.ts';
import { inTheWay } from './in-the-way.ts';

const BLANK = '\u2581';

/** The SentencePiece model that gives the ids of a tokenizer.json; refuses one that none does. */
export function modelFromJson(json: TokenizerJson): ModelProto {
  const { model } = json;
  if (model.type !== 'Unigram' && model.type !== 'BPE') throw inTheWay('a model of type Unigram or BPE', model.type, 'SentencePiece has no others that cut words into pieces');
  checkDecoder(json.decoder);
  const blanks = blanksOf(json);
  const scored = scoresOf(model);
  const unknown = unknownOf(model, scored);
  const types = typesOf(json, { scored, unknown, byteFallback: model.byte_fallback, addDummyPrefix: blanks.addDummyPrefix });
  const pieces = types.map(({ piece, type }): Piece => ({ piece, score: Math.fround(scored.get(piece) ?? 0), type }));
  const normal = pieces.filter(({ type }) => type === 1);
  if (normal.length === 0) throw inTheWay('pieces of text', 'none', 'Train a tokenizer first');
  if (blanks.splits) checkSplits(normal);
  if (model.type === 'Unigram') checkLeast(model.vocab, normal);
  else {
    if (!model.fuse_unk && !model.byte_fallback) throw inTheWay('fuse_unk to be true', 'false', 'SentencePiece makes one piece of unknown neighbours');
    if (model.continuing_subword_prefix || model.end_of_word_suffix) throw inTheWay('BPE without prefixes and suffixes', shown(model.continuing_subword_prefix ?? model.end_of_word_suffix), 'SentencePiece marks where words begin by \u2581');
    const scores = mergeScores(model.merges, normal);
    for (const [i, { piece, type }] of pieces.entries()) if (type === 1) pieces[i] = { piece, score: scores.get(piece)!, type };
  }
  return { pieces, kind: model.type, byteFallback: model.byte_fallback, unknown, addDummyPrefix: blanks.addDummyPrefix, removeExtraWhitespaces: blanks.removeExtraWhitespaces, charsmap: blanks.charsmap };
}

/** The tokens of the vocabulary by id, with their scores, of which merges have none. */
function scoresOf(model: Extract<ModelJson, { type: 'Unigram' | 'BPE' }>): Map<string, number> {
  const entries = model.type === 'Unigram' ? model.vocab : Object.entries(model.vocab).sort((a, b) => a[1] - b[1]).map(([token]): [string, number] => [token, 0]);
  const scored = new Map(entries);
  if (scored.size !== entries.length) throw inTheWay('tokens that differ', 'one twice', 'Leave one of the two out');
  if (model.type === 'BPE' && Object.values(model.vocab).some((id) => id >= scored.size)) throw inTheWay('ids without gaps', 'a gap', 'Every id of a .model file has a piece');
  if (scored.has('')) throw inTheWay('tokens that are not empty', 'an empty one', 'Every id of a .model file has a piece');
  return scored;
}

function unknownOf(model: Extract<ModelJson, { type: 'Unigram' | 'BPE' }>, scored: ReadonlyMap<string, number>): number {
  const id = model.type === 'Unigram' ? model.unk_id : model.unk_token === null ? null : [...scored.keys()].indexOf(model.unk_token);
  if (id === null || id < 0) throw inTheWay('a token for what is unknown', 'none', 'Train with unkToken: "<unk>"');
  return id;
}

function typesOf(
  { added_tokens: added }: TokenizerJson, { scored, unknown, byteFallback, addDummyPrefix }: { scored: ReadonlyMap<string, number>; unknown: number; byteFallback: boolean; addDummyPrefix: boolean },
): { piece: string; type: Piece['type'] }[] {
  const tokens = [...scored.keys()];
  const addedAt = new Map<number, AddedTokenJson>();
  for (const token of added) {
    if (token.lstrip || token.rstrip || token.single_word) throw inTheWay('added tokens without lstrip, rstrip and single_word', shown(token.content), 'SentencePiece finds them wherever they stand, and leaves what is around them');
    if (!token.special && addDummyPrefix) throw inTheWay('added tokens that are special, where texts begin with a \u2581 of their own', shown(token.content), 'Behind a piece of the user SentencePiece puts no \u2581');
    addedAt.set(token.id, token);
    tokens[token.id] = token.content;
  }
  const bytes = new Set(byteFallback ? bytePieces : []);
  const missing = [...bytes].find((piece) => !scored.has(piece));
  if (missing !== undefined) throw inTheWay('pieces for all 256 bytes', `none for ${missing}`, 'Train with byteFallback, or turn byte_fallback off');
  return Array.from(tokens, (piece, id) => {
    if (piece === undefined) throw inTheWay('ids without gaps', `no token for ${id}`, 'Every id of a .model file has a piece');
    const token = addedAt.get(id);
    return { piece, type: id === unknown ? 2 : token ? (token.special ? 3 : 4) : bytes.has(piece) ? 6 : 1 };
  });
}

/** Words are cut before they are looked up; SentencePiece looks up the whole text. */
function checkSplits(normal: readonly Piece[]): void {
  const crossing = normal.find(({ piece }) => piece.includes(BLANK, 1));
  if (crossing) throw inTheWay('pieces with \u2581 at the beginning only, where words are cut there', shown(crossing.piece), 'Give a Metaspace with split: false');
  if (!normal.some(({ piece }) => piece === BLANK)) throw inTheWay('a piece for \u2581', 'none', 'Train with initialAlphabet: ["\u2581"]; without it unknown words next to each other are one piece in SentencePiece');
}

/** What an unknown character costs hangs on the least likely piece, of all tokens here and of the normal ones in SentencePiece. */
function checkLeast(vocab: readonly (readonly [string, number])[], normal: readonly Piece[]): void {
  const least = Math.fround(normal.reduce((min, { score }) => Math.min(min, score), Infinity));
  const found = vocab.find(([, score]) => Math.fround(score) < least);
  if (found) throw inTheWay('special tokens to be no less likely than all others', shown(found[0]), 'Give it the score 0');
}

const DECODERS: ReadonlySet<string> = new Set(['Metaspace', 'Replace', 'ByteFallback', 'Fuse', 'Strip']);

function checkDecoder(decoder: DecoderJson | null): void {
  if (decoder?.type === 'Sequence') decoder.decoders.forEach(checkDecoder);
  else if (decoder && !DECODERS.has(decoder.type)) throw inTheWay(`a decoder made of ${[...DECODERS].join(', ')}`, decoder.type, 'SentencePiece turns \u2581 into blanks and puts bytes together, nothing else');
}
