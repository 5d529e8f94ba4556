import { bytePieces } from '../decoders/decoders.ts';
import { remembering, type TokenModel } from '../models/model.ts';
import { cutBpe } from './cut-bpe.ts';
import { cutUnigram } from './cut-unigram.ts';
import type { ModelProto } from './model-proto.ts';

/** How a SentencePiece model cuts normalized text. What is unknown is its bytes where the model has them, else one with its unknown neighbours. */
export function pieceModel(proto: ModelProto): TokenModel {
  const { pieces, byteFallback, unknown } = proto;
  const cut = proto.kind === 'Unigram' ? cutUnigram(proto) : cutBpe(proto);
  const ids = new Map(pieces.map(({ piece }, id) => [piece, id]));
  const byteIds = byteFallback ? bytePieces.map((piece) => ids.get(piece)!) : undefined;
  const utf8 = new TextEncoder();
  return remembering((text) => {
    const found: number[] = [];
    const at: number[] = [];
    let wasUnknown = false;
    for (const { from, to, id } of cut(text)) {
      if (id === unknown && byteIds) {
        for (const byte of utf8.encode(text.slice(from, to))) {
          found.push(byteIds[byte]!);
          at.push(from, to);
        }
        continue;
      }
      if (id === unknown && wasUnknown) at[at.length - 1] = to;
      else {
        found.push(id);
        at.push(from, to);
      }
      wasUnknown = id === unknown;
    }
    return { ids: found, at };
  });
}
