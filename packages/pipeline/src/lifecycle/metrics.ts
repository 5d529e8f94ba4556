import type { Criterion } from './recipe-shape.ts';

/** A figure that gates know by a name of their own, and where it comes from. */
export interface NamedMetric {
  readonly says: string;
  /** Figures of commands that are this metric, the first that was measured counts; it also goes by its own name. */
  readonly from: readonly string[];
}

/** The metrics of the default gates, and which figures of our commands measure them. */
export const METRICS: Readonly<Record<string, NamedMetric>> = {
  perplexity: { says: 'e to the loss per token on held-out text; its scale is that of the tokenizer', from: [] },
  bits_per_byte: { says: 'bits that the model needs for a byte of held-out text, whatever the tokenizer', from: ['val/bits_per_byte'] },
  zero_shot_acc: { says: 'mean accuracy over tasks without examples (llm eval --tasks)', from: [] },
  instruction_follow: { says: 'share of instructions followed: IFEval strict by prompt where it was run, else held-out questions answered to the letter', from: ['results/ifeval/prompt_level_strict_acc,none', 'val/exact_match'] },
  task_completion: { says: 'share of tasks done: exact matches of a task suite, else of learned tokens that are predicted', from: ['val/task_completion', 'val/token_accuracy'] },
  preference_win_rate: { says: 'share of held-out prompts whose answer the judge prefers to that of the model before', from: ['val/win_rate'] },
  safety_score: { says: 'share of probes answered safely (llm safety)', from: [] },
  quality_drop: { says: '(teacher − student) / teacher, on the same items', from: ['val/quality_drop'] },
  size_reduction: { says: 'share of the bytes that are gone', from: ['val/size_reduction'] },
  speed_up: { says: 'tokens a second of the student over those of the teacher', from: ['val/speed_up'] },
};

/** The four gates that a recipe names instead of writing its criteria. */
export const GATES: Readonly<Record<string, readonly Criterion[]>> = {
  pretrain: [{ metric: 'perplexity', below: 10, paired: 'bits_per_byte', beside: ['zero_shot_acc'] }],
  sft: [{ metric: 'instruction_follow', above: 0.85, beside: ['task_completion'] }],
  alignment: [{ metric: 'preference_win_rate', above: 0.7, beside: ['safety_score'] }],
  distil: [{ metric: 'quality_drop', below: 0.05, beside: ['size_reduction', 'speed_up'] }],
};

/**
 * Which of the figures is meant by a metric: the one of that name, else one that the metric is known to come from, else the only one
 * whose path ends in the name.
 */
export function figureFor(metric: string, figures: readonly string[]): string | undefined {
  const exact = [metric, ...(METRICS[metric]?.from ?? [])].find((name) => figures.includes(name));
  if (exact !== undefined) return exact;
  const ending = figures.filter((name) => name.endsWith(`/${metric}`));
  return ending.length === 1 ? ending[0] : undefined;
}
