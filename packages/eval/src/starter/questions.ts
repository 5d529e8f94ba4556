import type { TaskConfig } from '../tasks/task-config.ts';
import { ACC, ACC_NORM } from './shared.ts';

const ANSWERED = 'Question: {{question}}\nAnswer:';
const SPLITS = { outputType: 'multiple_choice', trainingSplit: 'train', validationSplit: 'validation' } as const;

const arc = (task: string, datasetName: string): TaskConfig => ({
  ...SPLITS, task, tag: ['ai2_arc'], datasetPath: 'allenai/ai2_arc', datasetName, testSplit: 'test', docToText: ANSWERED, docToTarget: '{{choices.label.index(answerKey)}}', docToChoice: '{{choices.text}}',
  metricList: [ACC, ACC_NORM], metadata: { version: 1 },
});

/** The easy questions of ARC, natural science at school. Documents have question, choices.text, choices.label, answerKey. Clark et al. 2018, https://arxiv.org/abs/1803.05457 */
export const arcEasy: TaskConfig = arc('arc_easy', 'ARC-Easy');

/** The hard questions of ARC; as the easy ones. */
export const arcChallenge: TaskConfig = arc('arc_challenge', 'ARC-Challenge');

/** PIQA: which of two ways reaches a goal. Documents have goal, sol1, sol2, label. Bisk et al. 2020, https://arxiv.org/abs/1911.11641 */
export const piqa: TaskConfig = {
  ...SPLITS, task: 'piqa', datasetPath: 'baber/piqa', docToText: 'Question: {{goal}}\nAnswer:', docToTarget: 'label', docToChoice: '{{[sol1, sol2]}}', metricList: [ACC, ACC_NORM], metadata: { version: 1 },
};

/** SciQ: the right answer is always the fourth. Documents have support, question, distractor1 to 3, correct_answer. Welbl et al. 2017, https://arxiv.org/abs/1707.06209 */
export const sciq: TaskConfig = {
  ...SPLITS, task: 'sciq', datasetPath: 'allenai/sciq', testSplit: 'test', docToText: '{{support.lstrip()}}\nQuestion: {{question}}\nAnswer:', docToTarget: 3,
  docToChoice: '{{[distractor1, distractor2, distractor3, correct_answer]}}', metricList: [ACC, ACC_NORM], metadata: { version: 1 },
};

/** OpenBookQA: elementary science. Documents have question_stem, choices.text, choices.label, answerKey. Mihaylov et al. 2018, https://arxiv.org/abs/1809.02789 */
export const openbookqa: TaskConfig = {
  ...SPLITS, task: 'openbookqa', datasetPath: 'allenai/openbookqa', datasetName: 'main', testSplit: 'test', docToText: 'question_stem', docToTarget: '{{choices.label.index(answerKey.lstrip())}}', docToChoice: '{{choices.text}}',
  metricList: [ACC, ACC_NORM], metadata: { version: 1 },
};

/** CommonsenseQA: five choices, answered by letter. Documents have question, choices.text, answerKey. Talmor et al. 2019, https://arxiv.org/abs/1811.00937 */
export const commonsenseQa: TaskConfig = {
  ...SPLITS, task: 'commonsense_qa', datasetPath: 'tau/commonsense_qa', docToText: `Question: {{ question.strip() }}\n${['A', 'B', 'C', 'D', 'E'].map((letter, i) => `${letter}. {{choices['text'][${i}]}}\n`).join('')}Answer:`,
  docToTarget: 'answerKey', docToChoice: ['A', 'B', 'C', 'D', 'E'], metricList: [ACC],
};

/** BoolQ of SuperGLUE: yes or no, after a passage. Documents have passage, question, label. Clark et al. 2019, https://arxiv.org/abs/1905.10044 */
export const boolq: TaskConfig = {
  ...SPLITS, task: 'boolq', tag: ['super-glue-lm-eval-v1'], datasetPath: 'aps/super_glue', datasetName: 'boolq', docToText: '{{passage}}\nQuestion: {{question}}?\nAnswer:', docToTarget: 'label', docToChoice: ['no', 'yes'],
  metricList: [{ metric: 'acc' }], metadata: { version: 2 },
};
