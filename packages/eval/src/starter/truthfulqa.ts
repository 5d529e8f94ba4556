import { EvalError } from '../eval-error.ts';
import type { Loglikelihood } from '../requests/request.ts';
import type { TaskConfig } from '../tasks/task-config.ts';

/**
 * TruthfulQA with several right answers: the share of the probability of all answers that right ones have. Documents have question,
 * mc2_targets.choices, mc2_targets.labels. Lin et al. 2022, https://arxiv.org/abs/2109.07958
 *
 * @param options.primer The six questions and answers with which the benchmark's prompt begins, `Q: …\nA: …` with an empty line between
 *   them: its authors' own words, which this package does not hold. Take them from its repository. Without them numbers are not
 *   comparable.
 */
export function truthfulqaMc2({ primer }: { primer: string }): TaskConfig {
  return {
    task: 'truthfulqa_mc2', tag: ['truthfulqa'], datasetPath: 'truthfulqa/truthful_qa', datasetName: 'multiple_choice', outputType: 'multiple_choice', validationSplit: 'validation', numFewshot: 0,
    docToText: (doc) => `${primer}\n\nQ: ${String(doc.question)}\nA:`, docToTarget: 0, docToChoice: '{{mc2_targets.choices}}',
    processResults(doc, results) {
      const labels = (doc.mc2_targets as { labels?: unknown } | undefined)?.labels;
      if (!Array.isArray(labels)) throw new EvalError('E_TASK_DATA', `truthfulqa_mc2: expected documents with mc2_targets.labels but found ${JSON.stringify(labels)}. Use the dataset's own fields.`);
      const probabilities = (results as readonly Loglikelihood[]).map(({ logprob }) => Math.exp(logprob));
      const all = probabilities.reduce((sum, p) => sum + p, 0);
      return { acc: probabilities.reduce((sum, p, i) => (labels[i] === 1 ? sum + p / all : sum), 0) };
    },
    metricList: [{ metric: 'acc', aggregation: 'mean', higherIsBetter: true }], metadata: { version: 3 },
  };
}
