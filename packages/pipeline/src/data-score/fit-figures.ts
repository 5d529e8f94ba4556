import { table } from '../cli/format.ts';
import { printable } from '../cli/io.ts';

/** How a classifier does on examples that it has not seen. */
export interface ClassFigures {
  readonly examples: number;
  readonly accuracy: number;
  /** Accuracy of always saying the commonest label. */
  readonly commonest: number;
  /** Mean of the F1 of all labels. */
  readonly macroF1: number;
  readonly labels: Readonly<Record<string, { readonly precision: number; readonly recall: number; readonly f1: number; readonly examples: number }>>;
  /** Of each true label, how often each was said. */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Accuracy, precision TP/(TP + FP), recall TP/(TP + FN), F1 = 2PR/(P + R) of each label, 0 where it was never said or never true. */
export function classFigures(pairs: readonly { readonly truth: string; readonly said: string }[]): ClassFigures {
  const labels = [...new Set(pairs.flatMap(({ truth, said }) => [truth, said]))].toSorted();
  const counts = new Map(labels.map((label) => [label, new Map(labels.map((each) => [each, 0]))]));
  for (const { truth, said } of pairs) counts.get(truth)!.set(said, counts.get(truth)!.get(said)! + 1);
  const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
  const of = labels.map((label) => {
    const right = counts.get(label)!.get(label)!;
    const examples = sum(counts.get(label)!.values());
    const [precision, recall] = [ratio(right, sum(labels.map((truth) => counts.get(truth)!.get(label)!))), ratio(right, examples)];
    return { label, right, precision, recall, f1: ratio(2 * precision * recall, precision + recall), examples };
  });
  return {
    examples: pairs.length, accuracy: ratio(sum(of.map(({ right }) => right)), pairs.length), commonest: ratio(Math.max(0, ...of.map(({ examples }) => examples)), pairs.length), macroF1: ratio(sum(of.map(({ f1 }) => f1)), labels.length),
    labels: Object.fromEntries(of.map(({ label, precision, recall, f1, examples }) => [label, { precision, recall, f1, examples }])),
    confusion: Object.fromEntries([...counts].map(([truth, row]) => [truth, Object.fromEntries(row)])),
  };
}

/** How a rater does on examples that it has not seen. */
export interface RatingFigures {
  readonly examples: number;
  /** 1 − Σ(y − ŷ)² / Σ(y − ȳ)²: 0 for always saying the mean. NaN where all ratings are equal. */
  readonly r2: number;
  readonly meanAbsoluteError: number;
  /** Correlation of ranks, equal numbers having the mean of theirs. NaN where either has but one value. */
  readonly spearman: number;
}

/** R², the mean absolute error, and Spearman's rank correlation. */
export function ratingFigures(pairs: readonly { readonly truth: number; readonly said: number }[]): RatingFigures {
  const [truths, saids] = [pairs.map(({ truth }) => truth), pairs.map(({ said }) => said)];
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = mean(truths);
  return {
    examples: pairs.length,
    r2: 1 - mean(pairs.map(({ truth, said }) => (truth - said) ** 2)) / mean(truths.map((truth) => (truth - middle) ** 2)),
    meanAbsoluteError: mean(pairs.map(({ truth, said }) => Math.abs(truth - said))),
    spearman: correlation(ranks(truths), ranks(saids)),
  };
}

function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) found[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return found;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (a.length - 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    ab += (x - mean) * (b[i]! - mean);
    aa += (x - mean) ** 2;
    bb += (b[i]! - mean) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

const SHOWN_LABELS = 12;

/** For people: what a label gets right, and what is taken for what. */
export function classFiguresText({ examples, accuracy, commonest, macroF1, labels, confusion }: ClassFigures): string {
  const names = Object.keys(labels);
  const shown = names.slice(0, SHOWN_LABELS);
  return [
    `accuracy ${accuracy.toFixed(3)} (always the commonest label: ${commonest.toFixed(3)}), macro F1 ${macroF1.toFixed(3)}, on ${examples} held-out examples`,
    table(['label', 'precision', 'recall', 'F1', 'examples'], shown.map((name) => { const each = labels[name]!; return [printable(name), each.precision.toFixed(3), each.recall.toFixed(3), each.f1.toFixed(3), String(each.examples)]; })),
    table(['true label', ...shown.map((name) => `said ${printable(name)}`)], shown.map((truth) => [printable(truth), ...shown.map((said) => String(confusion[truth]![said]!))])),
    ...(names.length > shown.length ? [`and ${names.length - shown.length} labels more`] : []),
  ].join('\n\n');
}
