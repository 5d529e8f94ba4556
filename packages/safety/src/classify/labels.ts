import type { Assessment } from './assessment.ts';

/** A text to learn from. */
export interface LabelledText {
  readonly text: string;
  /** The kind of harm; missing where there is none. */
  readonly label?: string | undefined;
}

/** [examples, 1 + labels]: 1 at the class of each, the first of which is harmless. */
export function targetsOf(examples: readonly LabelledText[], labels: readonly string[]): Float32Array {
  const targets = new Float32Array(examples.length * (labels.length + 1));
  examples.forEach(({ label }, row) => {
    const place = label === undefined ? 0 : labels.indexOf(label) + 1;
    if (place === 0 && label !== undefined) throw new RangeError(`batch: expected one of the labels ${labels.join(', ')} but found '${label}'. Name it when the classifier is made.`);
    targets[row * (labels.length + 1) + place] = 1;
  });
  return targets;
}

/** Softmax of the logits of harmless and the labels. */
export function assessmentOf(logits: ArrayLike<number>, labels: readonly string[]): Assessment {
  const values = Array.from(logits);
  const most = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - most));
  const all = weights.reduce((sum, value) => sum + value, 0);
  return { harm: 1 - weights[0]! / all, labels: Object.fromEntries(labels.map((label, i) => [label, weights[i + 1]! / all])) };
}
