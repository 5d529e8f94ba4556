import { passAtK } from '../metrics/pass-at-k.ts';
import { textOf } from '../python/text.ts';
import type { Doc } from '../tasks/doc.ts';
import type { TaskConfig } from '../tasks/task-config.ts';

/** Runs a program with its tests where it can do no harm, and tells whether it passed; it must end by itself. */
export type RunProgram = (program: string) => boolean;

export interface HumanevalOptions {
  /** What runs the programs that a model writes: they are in Python, and a stranger's. */
  readonly run: RunProgram;
  /** Programs for each problem; default 1. */
  readonly samples?: number;
  /** The k of pass@k; default [1]. */
  readonly k?: readonly number[];
}

/**
 * HumanEval: functions of Python written from their description, by whether they pass their tests. Nothing is run but by the caller's
 * function. With several samples they are drawn at temperature 0.8. Documents have prompt, test, entry_point. Chen et al. 2021,
 * https://arxiv.org/abs/2107.03374
 */
export function humaneval({ run, samples = 1, k = [1] }: HumanevalOptions): TaskConfig {
  const programs = (responses: readonly (readonly unknown[])[], docs: readonly Doc[]): readonly unknown[] => responses.map((each, i) => each.map((response) => textOf(docs[i]!.prompt) + textOf(response)));
  return {
    task: 'humaneval', unsafeCode: true, datasetPath: 'openai/openai_humaneval', outputType: 'generate_until', testSplit: 'test', docToText: '{{prompt}}', docToTarget: '{{test}}\ncheck({{entry_point}})', numFewshot: 0, repeats: samples,
    generationKwargs: { until: ['\nclass', '\ndef', '\n#', '\nif', '\nprint'], maxGenToks: 1024, ...(samples > 1 ? { doSample: true, temperature: 0.8 } : { doSample: false }) },
    filterList: [{ name: 'create_test', filter: [{ function: 'custom', filterFn: programs }] }],
    metricList: [{
      metric: function pass_at_k({ references: [tests], predictions: [written] }) {
        const answers = [written].flat();
        const correct = answers.filter((program) => run(`${textOf(program)}\n${textOf(tests)}`)).length;
        return Object.fromEntries(k.map((each) => [`pass@${each}`, passAtK({ samples: answers.length, correct, k: each })]));
      },
      aggregation: 'mean', higherIsBetter: true,
    }],
    metadata: { version: 1 },
  };
}
