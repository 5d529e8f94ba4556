import type { Collate } from '../collate.ts';
import { below, type Random } from '../row-random.ts';
import { corrupt, corruptedBatch, type CorruptedBatch, type SpanTokens, textOf } from './corrupted-batch.ts';
import { type Noise, noiseCounts, noiseSpans, type Span } from './noise-spans.ts';
import { corruptedLengths } from './span-corruption.ts';

/** One way to leave parts of a text out. */
export interface Denoiser {
  /** Tells the model which way it is; stands in front of the text. */
  readonly modeId: number;
  /** What is left out of a text of `length` tokens. */
  spans(length: number, random: Random): Span[];
  /** The longest that the two texts of a row become, mode token and eos counted. */
  lengths(rowLength: number): { readonly encoderLength: number; readonly decoderLength: number };
}

/** Leaves out spans as T5 does; `spanCorruption` with a mode token. */
export function spanDenoiser({ modeId, ...noise }: Noise & { readonly modeId: number }): Denoiser {
  return {
    modeId,
    spans: (length, random) => noiseSpans(length, { ...noise, random }),
    lengths(rowLength) {
      const { encoderLength, decoderLength } = corruptedLengths(rowLength, noise);
      return { encoderLength: encoderLength + 1, decoderLength };
    },
  };
}

/** Leaves out the end of the text, the given share of it: a prefix language model. Draws nothing. */
export function suffixDenoiser({ modeId, density }: { readonly modeId: number; readonly density: number }): Denoiser {
  const count = (length: number): number => noiseCounts(length, { density, meanLength: length }).noise;
  return {
    modeId,
    spans: (length) => (length < 2 ? [] : [{ from: length - count(length), count: count(length) }]),
    lengths: (rowLength) => ({ encoderLength: rowLength - count(rowLength) + 3, decoderLength: count(rowLength) + 2 }),
  };
}

export interface ModeTokens {
  /** `[NLU]`: a few short spans, as in T5 (R). */
  readonly regularId: number;
  /** `[S2S]`: the rest of the text (S). */
  readonly sequentialId: number;
  /** `[NLG]`: half of the text, or long spans (X). */
  readonly extremeId: number;
}

/**
 * The seven denoisers of UL2, each as likely as the others.
 *
 *   R: 15 % in spans of 3 or 8;  S: the last 25 %;  X: 50 % in spans of 3 or 8, 15 % or 50 % in spans of 64
 *
 * Tay et al. 2022, https://arxiv.org/abs/2205.05131, table 1
 */
export function ul2({ regularId, sequentialId, extremeId }: ModeTokens): Denoiser[] {
  const spans = (modeId: number, density: number, meanLength: number): Denoiser => spanDenoiser({ modeId, density, meanLength });
  return [
    spans(regularId, 0.15, 3), spans(regularId, 0.15, 8),
    suffixDenoiser({ modeId: sequentialId, density: 0.25 }),
    spans(extremeId, 0.5, 3), spans(extremeId, 0.5, 8), spans(extremeId, 0.15, 64), spans(extremeId, 0.5, 64),
  ];
}

/**
 * A mixture of denoisers: for each row one of them is drawn, its mode token put in front, and what it leaves out replaced by sentinels.
 *
 * All batches have the same shape, that of the longest texts any of them makes. Draws a number for which denoiser, and then what it draws.
 *
 * @throws RangeError without a denoiser, and where a row takes more spans than there are sentinels.
 *
 * @example
 * ```ts
 * import { batches, denoisers, packDocuments, ul2 } from '@llm/pretrain';
 * const rows = packDocuments([Array.from({ length: 64 }, (_, i) => 2 + i)], { length: 32, eos: 1 });
 * const collate = denoisers(ul2({ regularId: 125, sequentialId: 126, extremeId: 127 }), { sentinelId: 124, eosId: 1 });
 * const [batch] = batches(rows, { batch: 2, seed: 0, collate });
 * if (batch === undefined || ![125, 126, 127].includes(batch.encoder.ids[0]!)) throw new Error('a mode token first');
 * ```
 */
export function denoisers(choices: readonly Denoiser[], options: SpanTokens): Collate<CorruptedBatch> {
  if (choices.length === 0) throw new RangeError('denoisers: expected at least one denoiser but found none.');
  return (drawn) => {
    const pairs = drawn.map((row) => {
      const ids = textOf(row);
      const { modeId, spans } = choices[below(choices.length, row.random)]!;
      const { source, target } = corrupt(ids, spans(ids.length, row.random), options);
      return { source: [modeId, ...source], target };
    });
    const lengths = choices.map((choice) => choice.lengths(drawn[0]?.length ?? 0));
    return corruptedBatch(pairs, {
      ...options,
      encoderLength: Math.max(...lengths.map(({ encoderLength }) => encoderLength)),
      decoderLength: Math.max(...lengths.map(({ decoderLength }) => decoderLength)),
    });
  };
}
