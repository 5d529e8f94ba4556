import type { Collate } from '../collate.ts';
import { corrupt, corruptedBatch, type CorruptedBatch, type SpanTokens, textOf } from './corrupted-batch.ts';
import { type Noise, noiseCounts, noiseSpans } from './noise-spans.ts';

/** T5's own: 15 % of the tokens, in spans of 3 on average. */
const T5_NOISE: Noise = { density: 0.15, meanLength: 3 };

export interface SpanCorruptionOptions extends SpanTokens, Partial<Noise> {}

/**
 * Span corruption of T5: spans of a text are replaced by sentinels, and the decoder writes each sentinel and what it stands for.
 *
 *   "Thank you for inviting me to your party" → "Thank you <0> me to your <1> </s>" and "<0> for inviting <1> party </s>"
 *
 * A full row gives texts of always the same lengths: those of `spanCorruptionLengths`, with which to choose the length of rows. Documents
 * of one row are one text, as in T5's own data. Raffel et al. 2019, https://arxiv.org/abs/1910.10683
 *
 * @throws RangeError where a row takes more spans than there are sentinels.
 *
 * @example
 * ```ts
 * import { batches, packDocuments, spanCorruption, spanCorruptionLengths } from '@llm/pretrain';
 * const { rowLength, decoderLength } = spanCorruptionLengths({ encoderLength: 16 });
 * const rows = packDocuments([Array.from({ length: 90 }, (_, i) => 2 + i)], { length: rowLength, eos: 1 });
 * const [batch] = batches(rows, { batch: 2, seed: 0, collate: spanCorruption({ sentinelId: 127, eosId: 1 }) });
 * if (batch?.encoder.length !== 16 || batch.decoder.length !== decoderLength) throw new Error('as computed');
 * ```
 */
export function spanCorruption(options: SpanCorruptionOptions): Collate<CorruptedBatch> {
  const noise = noiseOf(options);
  return (drawn) => {
    const pairs = drawn.map((row) => {
      const ids = textOf(row);
      return corrupt(ids, noiseSpans(ids.length, { ...noise, random: row.random }), options);
    });
    return corruptedBatch(pairs, { ...corruptedLengths(drawn[0]?.length ?? 0, noise), ...options });
  };
}

/** How long the two texts of a full row are. */
export function corruptedLengths(rowLength: number, options: Noise): { readonly encoderLength: number; readonly decoderLength: number } {
  const { noise, spans } = noiseCounts(rowLength, options);
  return { encoderLength: rowLength - noise + spans + 1, decoderLength: noise + spans + 1 };
}

function noiseOf({ density = T5_NOISE.density, meanLength = T5_NOISE.meanLength }: Partial<Noise>): Noise {
  if (!(density > 0 && density < 1)) throw new RangeError(`spanCorruption: expected density between 0 and 1 but found ${density}.`);
  if (!(meanLength >= 1)) throw new RangeError(`spanCorruption: expected meanLength from 1 on but found ${meanLength}.`);
  return { density, meanLength };
}

/**
 * The longest rows whose text fits `encoderLength` once spans are replaced, and how long the decoder's text then is. Both lengths count eos.
 *
 * @throws RangeError where not even two tokens fit.
 */
export function spanCorruptionLengths({ encoderLength, ...options }: { readonly encoderLength: number } & Partial<Noise>): { readonly rowLength: number; readonly decoderLength: number } {
  const noise = noiseOf(options);
  if (!Number.isSafeInteger(encoderLength) || encoderLength < 3) throw new RangeError(`spanCorruptionLengths: expected encoderLength to be a whole number from 3 on but found ${encoderLength}.`);
  let rowLength = 2;
  while (corruptedLengths(rowLength + 1, noise).encoderLength <= encoderLength) rowLength++;
  // As T5 does, so that the decoder's text is no longer than the encoder's where half of the tokens are left out.
  if (noise.density === 0.5 && corruptedLengths(rowLength, noise).decoderLength > encoderLength) rowLength--;
  return { rowLength, decoderLength: corruptedLengths(rowLength, noise).decoderLength };
}
