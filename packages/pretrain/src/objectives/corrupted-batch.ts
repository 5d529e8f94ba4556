import type { PairBatch } from '@llm/model';
import { countTargets, type DrawnRow } from '../collate.ts';
import { fillRow, IGNORED, tokensInRow } from '../packing/pack-documents.ts';
import type { Span } from './noise-spans.ts';

/** Texts for an encoder, what goes into the decoder, and what it is to write. */
export interface CorruptedBatch extends PairBatch {
  /** [rows, decoder length]; −100 where there is padding. */
  readonly targets: Int32Array;
  readonly targetCount: number;
}

/** The special tokens of a model that fills in spans. */
export interface SpanTokens {
  /** The token that stands for the first span, `<extra_id_0>`; that of the next one is the id before, and so on. */
  readonly sentinelId: number;
  /** How many there are; default 100. */
  readonly sentinels?: number;
  /** Ends both texts. */
  readonly eosId: number;
  /** Fills what is empty, and is what the decoder begins with; default 0. */
  readonly padId?: number;
  /** Default `padId`. */
  readonly startId?: number;
}

/** The ids of a drawn row, without padding. */
export function textOf({ rows, index, length }: DrawnRow): Int32Array {
  return fillRow(rows, index, { length: Math.min(length, tokensInRow(rows, index)) }).ids;
}

/** A text with a sentinel in place of each span, and the spans, each behind its sentinel; both end in eos. */
export function corrupt(
  ids: Int32Array, spans: readonly Span[], { sentinelId, sentinels = 100, eosId }: SpanTokens,
): { readonly source: number[]; readonly target: number[] } {
  if (spans.length > sentinels) {
    throw new RangeError(`spans: expected at most ${sentinels} spans in a row, as many as there are sentinels, but found ${spans.length}. Use shorter rows or longer spans.`);
  }
  const source: number[] = [];
  const target: number[] = [];
  let at = 0;
  for (const [i, { from, count }] of spans.entries()) {
    source.push(...ids.subarray(at, from), sentinelId - i);
    target.push(sentinelId - i, ...ids.subarray(from, from + count));
    at = from + count;
  }
  source.push(...ids.subarray(at), eosId);
  target.push(eosId);
  return { source, target };
}

/** Pairs of texts as one batch, padded to the given lengths; the decoder reads the targets moved right by one, behind `startId`. */
export function corruptedBatch(
  pairs: readonly { readonly source: readonly number[]; readonly target: readonly number[] }[],
  { encoderLength, decoderLength, padId = 0, startId = padId }: { readonly encoderLength: number; readonly decoderLength: number } & Pick<SpanTokens, 'padId' | 'startId'>,
): CorruptedBatch {
  const targets = new Int32Array(pairs.length * decoderLength).fill(IGNORED);
  for (const [row, { target }] of pairs.entries()) targets.set(target, row * decoderLength);
  return {
    encoder: paddedRows(pairs.map(({ source }) => source), { length: encoderLength, padId }),
    decoder: paddedRows(pairs.map(({ target }) => [startId, ...target.slice(0, -1)]), { length: decoderLength, padId }),
    targets,
    targetCount: countTargets(targets),
  };
}

/** Padding has a segment of its own, which nothing sees. */
function paddedRows(texts: readonly (readonly number[])[], { length, padId }: { length: number; padId: number }): PairBatch['encoder'] {
  const ids = new Int32Array(texts.length * length).fill(padId);
  const segments = new Int32Array(texts.length * length).fill(-1);
  for (const [row, text] of texts.entries()) {
    ids.set(text, row * length);
    segments.fill(0, row * length, row * length + text.length);
  }
  return { rows: texts.length, length, ids, segments, packed: texts.some((text) => text.length < length) };
}
