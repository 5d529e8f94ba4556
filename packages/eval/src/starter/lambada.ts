import type { TaskConfig } from '../tasks/task-config.ts';
import { ACC } from './shared.ts';

/** LAMBADA in OpenAI's version: the last word of a passage. Documents have text. Paperno et al. 2016, https://arxiv.org/abs/1606.06031 */
export const lambadaOpenai: TaskConfig = {
  task: 'lambada_openai', tag: ['lambada'], datasetPath: 'EleutherAI/lambada_openai', datasetName: 'default', outputType: 'loglikelihood', testSplit: 'test',
  docToText: "{{text.split(' ')[:-1]|join(' ')}}", docToTarget: "{{' '+text.split(' ')[-1]}}", metricList: [{ metric: 'perplexity', aggregation: 'perplexity', higherIsBetter: false }, ACC], metadata: { version: 1 },
};
