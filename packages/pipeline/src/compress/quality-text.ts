import type { QualityReport } from '@llm/quantize';
import { bytes, count, digits, percent, table } from '../cli/format.ts';

const fine = (share: number): string => percent(share, 2);
const signed = (value: number): string => `${value < 0 ? '-' : ''}${digits(Math.abs(value))}`;

/** What a smaller model costs and saves, as lines of a table: a name, the value before, the value after. */
export function qualityRows({ divergence, bytes: size, tokensPerSecond }: QualityReport): [string, string, string][] {
  return [
    ['perplexity', digits(divergence.basePerplexity), digits(divergence.perplexity)],
    ['size in memory', bytes(size.base), bytes(size.changed)],
    ...(tokensPerSecond === undefined ? [] : [['tokens a second', digits(tokensPerSecond.base), digits(tokensPerSecond.changed)] satisfies [string, string, string]]),
  ];
}

/** The figures that `llama-perplexity --kl-divergence` prints, under its names. */
export function divergenceRows({ divergence: { perplexity, basePerplexity, perplexityRatio, lnPerplexityRatio, lnPerplexityCorrelation, kld, deltaP, rmsDeltaP, sameTop } }: QualityReport): [string, string][] {
  const shares = ['99.9%', '99%', '95%', '90%'] as const;
  const low = ['10%', '5%', '1%', '0.1%'] as const;
  return [
    ['Mean PPL(Q)', digits(perplexity)], ['Mean PPL(base)', digits(basePerplexity)], ['Cor(ln(PPL(Q)), ln(PPL(base)))', fine(lnPerplexityCorrelation)],
    ['Mean ln(PPL(Q)/PPL(base))', signed(lnPerplexityRatio)], ['Mean PPL(Q)/PPL(base)', perplexityRatio.toFixed(4)], ['Mean PPL(Q)-PPL(base)', signed(perplexity - basePerplexity)],
    ['Mean KLD', signed(kld.mean)], ['Maximum KLD', signed(kld.maximum)], ...shares.map((share): [string, string] => [`${share} KLD`, signed(kld[share])]), ['Median KLD', signed(kld.median)],
    ...low.map((share): [string, string] => [`${share} KLD`, signed(kld[share])]), ['Minimum KLD', signed(kld.minimum)],
    ['Mean Δp', fine(deltaP.mean)], ['Maximum Δp', fine(deltaP.maximum)], ...shares.map((share): [string, string] => [`${share} Δp`, fine(deltaP[share])]), ['Median Δp', fine(deltaP.median)],
    ...low.map((share): [string, string] => [`${share} Δp`, fine(deltaP[share])]), ['Minimum Δp', fine(deltaP.minimum)], ['RMS Δp', fine(rmsDeltaP)], ['Same top p', fine(sameTop)],
  ];
}

/** The most telling figures for a terminal. */
export function qualityText(report: QualityReport): string {
  const { divergence: { tokens, kld, sameTop, flips }, sensitivity } = report;
  const [worst] = sensitivity;
  return `${table(['', 'before', 'after'], qualityRows(report))}\n\n`
    + `KL divergence ${signed(kld.mean)} nats a token (median ${signed(kld.median)}, 99 % ${signed(kld['99%'])}), same likeliest token ${fine(sameTop)}, flips ${fine(flips)}, on ${count(tokens)} tokens\n`
    + (worst === undefined ? '' : `${worst.part} alone costs most: ${signed(worst.kld)} nats\n`);
}

/** The figures that gates and comparisons know. */
export function qualityFigures({ divergence, bytes: size, tokensPerSecond }: QualityReport): Record<string, unknown> {
  const { perplexity, basePerplexity, kld, flips, sameTop, tokens } = divergence;
  return {
    perplexity, before: { perplexity: basePerplexity }, kld: kld.mean, kld_median: kld.median, kld_99: kld['99%'], flips, same_top: sameTop, tokens,
    quality_drop: (perplexity - basePerplexity) / basePerplexity, size_reduction: 1 - size.changed / size.base,
    ...(tokensPerSecond === undefined ? {} : { speed_up: tokensPerSecond.changed / tokensPerSecond.base }),
  };
}
