import type { TaskConfig } from '../tasks/task-config.ts';

/**
 * GSM8K: word problems of school mathematics, five examples. Strictly the number after `####`, flexibly the last number at all.
 * Documents have question, answer. Cobbe et al. 2021, https://arxiv.org/abs/2110.14168
 */
export const gsm8k: TaskConfig = {
  task: 'gsm8k', tag: ['math_word_problems'], datasetPath: 'openai/gsm8k', datasetName: 'main', outputType: 'generate_until', trainingSplit: 'train', fewshotSplit: 'train', testSplit: 'test',
  docToText: 'Question: {{question}}\nAnswer:', docToTarget: '{{answer}}', numFewshot: 5,
  metricList: [{ metric: 'exact_match', aggregation: 'mean', higherIsBetter: true, ignoreCase: true, ignorePunctuation: false, regexesToIgnore: [',', '\\$', '(?s).*#### ', '\\.$'] }],
  generationKwargs: { until: ['Question:', '</s>', '<|im_end|>'], doSample: false, temperature: 0 },
  filterList: [
    { name: 'strict-match', filter: [{ function: 'regex', regexPattern: String.raw`#### (\-?[0-9\.\,]+)` }, { function: 'take_first' }] },
    { name: 'flexible-extract', filter: [{ function: 'regex', groupSelect: -1, regexPattern: '(-?[$0-9.,]{2,})|(-?[0-9]+)' }, { function: 'take_first' }] },
  ],
  metadata: { version: 3 },
};
