import { bytePieces } from '../decoders/decoders.ts';
import { MAX_TOKENS, tooLarge } from '../models/read-model.ts';
import { shown, TokenizerError } from '../tokenizer-error.ts';
import { protobufFields } from './protobuf.ts';

/** What a piece is for: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 a byte. */
export type PieceType = 1 | 2 | 3 | 4 | 5 | 6;

export interface Piece {
  readonly piece: string;
  readonly score: number;
  readonly type: PieceType;
}

/** What a SentencePiece `.model` holds of a tokenizer. */
export interface ModelProto {
  readonly pieces: readonly Piece[];
  readonly kind: 'Unigram' | 'BPE';
  readonly byteFallback: boolean;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  /** The table of normalizations; undefined where there is none. */
  readonly charsmap: Uint8Array | undefined;
  /** The id of what is unknown. */
  readonly unknown: number;
}

/** Reads and checks a SentencePiece `.model`. */
export function readModelProto(bytes: Uint8Array): ModelProto {
  const pieces: Piece[] = [];
  let trainer = new Map<number, number | Uint8Array>();
  let normalizer = new Map<number, number | Uint8Array>();
  for (const { number, value } of protobufFields(bytes)) {
    if (!(value instanceof Uint8Array)) continue;
    if (number === 1) {
      if (pieces.length === MAX_TOKENS) throw tooLarge('the model', pieces.length + 1, MAX_TOKENS, 'pieces', 'readSentencePiece');
      pieces.push(readPiece(value, pieces.length));
    }
    if (number === 2) trainer = fieldsOf(value);
    if (number === 3) normalizer = fieldsOf(value);
  }
  if (pieces.length === 0) throw new TokenizerError('E_TOKENIZER_MODEL', 'readSentencePiece: expected pieces but found none. Check that the file is a complete .model file.');
  const kind = trainer.get(3) ?? 1;
  if (kind !== 1 && kind !== 2) throw unsupported('model_type', kind, '1 (Unigram) or 2 (BPE)');
  if (trainer.get(24) === 1) throw unsupported('treat_whitespace_as_suffix', 'true', 'false');
  if (normalizer.get(5) === 0) throw unsupported('escape_whitespaces', 'false', 'true');
  const charsmap = normalizer.get(2);
  const byteFallback = trainer.get(35) === 1;
  checkPieces(pieces, byteFallback);
  return {
    pieces, kind: kind === 1 ? 'Unigram' : 'BPE', byteFallback,
    addDummyPrefix: normalizer.get(3) !== 0, removeExtraWhitespaces: normalizer.get(4) !== 0,
    charsmap: charsmap instanceof Uint8Array && charsmap.length > 0 ? charsmap : undefined,
    unknown: pieces.findIndex(({ type }) => type === 2),
  };
}

/** The last of each field, as protobuf has it. */
function fieldsOf(message: Uint8Array): Map<number, number | Uint8Array> {
  return new Map(Array.from(protobufFields(message), ({ number, value }) => [number, value]));
}

function readPiece(message: Uint8Array, id: number): Piece {
  const fields = fieldsOf(message);
  const text = fields.get(1);
  const score = fields.get(2) ?? 0;
  const type = fields.get(3) ?? 1;
  let piece = '';
  try {
    if (text instanceof Uint8Array) piece = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    // Not UTF-8: no piece.
  }
  if (piece === '' || typeof score !== 'number' || typeof type !== 'number' || type < 1 || type > 6) {
    throw new TokenizerError('E_TOKENIZER_MODEL', `readSentencePiece: expected piece ${id} to have a text, a score and a type from 1 to 6 but found ${shown(piece)}, ${shown(score)} and ${shown(type)}. Check that the file is a complete .model file.`);
  }
  return { piece, score, type: type as PieceType };
}

function checkPieces(pieces: readonly Piece[], byteFallback: boolean): void {
  const bad = (expected: string, found: string): TokenizerError => new TokenizerError('E_TOKENIZER_VOCAB', `readSentencePiece: expected ${expected} but found ${found}. Check that the file is a complete .model file.`);
  if (new Set(pieces.map(({ piece }) => piece)).size !== pieces.length) throw bad('pieces that differ', 'one twice');
  const unknown = pieces.filter(({ type }) => type === 2).length;
  if (unknown !== 1) throw bad('one piece for what is unknown', `${unknown}`);
  const bytes = new Set(pieces.filter(({ type }) => type === 6).map(({ piece }) => piece));
  if (byteFallback ? bytes.size !== 256 || !bytePieces.every((piece) => bytes.has(piece)) : bytes.size > 0) {
    throw bad(byteFallback ? 'a piece for each of the 256 bytes' : 'no pieces for bytes without byte_fallback', `${bytes.size}`);
  }
}

function unsupported(name: string, found: unknown, supported: string): TokenizerError {
  return new TokenizerError('E_TOKENIZER_UNSUPPORTED', `readSentencePiece: expected ${name} to be ${supported} but found ${shown(found)}. Only that is supported; nothing is skipped in silence.`);
}
