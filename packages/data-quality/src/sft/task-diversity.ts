import { instructionOf, type SftExample } from './sft-example.ts';
import { TASK_KINDS, taskKind, type TaskKind } from './task-kind.ts';
import { wordTokens } from './word-tokens.ts';

export interface TaskDiversity {
  /** Mean of `kindEntropy` and `newTrigrams`. */
  readonly score: number;
  /** −Σ pₖ ln pₖ / ln K over the K kinds of task. */
  readonly kindEntropy: number;
  /** Different runs of three words over all such runs in all instructions. */
  readonly newTrigrams: number;
  readonly kinds: Readonly<Record<TaskKind, number>>;
  /** For each example, in order: the share of its runs of three words that no earlier instruction has. */
  readonly novelty: readonly number[];
}

/**
 * How different the tasks of a set are: the entropy of the kinds of task (`taskKind`) and the share of word trigrams of the
 * instructions that are new, in the manner of distinct-n (Li et al. 2016). Instructions of fewer than three words count as one run.
 *
 * @example
 * ```ts
 * import { taskDiversity } from '@llm/data-quality';
 * const example = (content: string) => ({ id: content, turns: [{ role: 'user', content }, { role: 'assistant', content: 'x' }] as const });
 * const { kinds, novelty } = taskDiversity(['Translate this to French', 'Translate this to French', 'Why is it so?'].map(example));
 * console.assert(kinds.translate === 2 && novelty.join() === '1,0,1');
 * ```
 */
export function taskDiversity(examples: readonly SftExample[]): TaskDiversity {
  const kinds = Object.fromEntries(TASK_KINDS.map((kind) => [kind, 0])) as Record<TaskKind, number>;
  const seen = new Set<string>();
  let all = 0;
  const novelty = examples.map((example) => {
    const text = instructionOf(example);
    kinds[taskKind(text)]++;
    const words = wordTokens(text);
    const runs = words.length < 3 ? [words.join(' ')] : words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`);
    const before = seen.size;
    const own = new Set(runs);
    for (const run of own) seen.add(run);
    all += runs.length;
    return (seen.size - before) / own.size;
  });
  const shares = Object.values(kinds).map((count) => count / Math.max(1, examples.length));
  const kindEntropy = -shares.reduce((sum, share) => sum + (share > 0 ? share * Math.log(share) : 0), 0) / Math.log(TASK_KINDS.length);
  const newTrigrams = all === 0 ? 0 : seen.size / all;
  return { score: (kindEntropy + newTrigrams) / 2, kindEntropy: Math.abs(kindEntropy), newTrigrams, kinds, novelty };
}
