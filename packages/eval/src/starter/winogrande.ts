import { EvalError } from '../eval-error.ts';
import { strip } from '../python/text.ts';
import type { Doc } from '../tasks/doc.ts';
import type { TaskConfig } from '../tasks/task-config.ts';
import { ACC, textField } from './shared.ts';

/** The sentence of a document on both sides of its blank. */
function parted(doc: Doc): [string, string] {
  const sentence = textField(doc, 'sentence', 'winogrande');
  const at = sentence.indexOf('_');
  if (at < 0) throw new EvalError('E_TASK_DATA', `winogrande: expected a sentence with a blank, _, but found ${JSON.stringify(sentence.slice(0, 80))}. Use the dataset's own fields.`);
  return [sentence.slice(0, at), sentence.slice(at + 1)];
}

/**
 * WinoGrande: who is meant, by which of two names makes the rest of the sentence likelier. The choices are what stands before it, so the
 * text is the number of the right one. Documents have sentence, option1, option2, answer. Sakaguchi et al. 2020, https://arxiv.org/abs/1907.10641
 */
export const winogrande: TaskConfig = {
  task: 'winogrande', datasetPath: 'allenai/winogrande', datasetName: 'winogrande_xl', outputType: 'multiple_choice', trainingSplit: 'train', validationSplit: 'validation',
  docToText: (doc) => ['1', '2'].indexOf(textField(doc, 'answer', 'winogrande')),
  docToTarget: (doc) => strip(parted(doc)[1]),
  docToChoice: (doc) => ['option1', 'option2'].map((option) => parted(doc)[0] + textField(doc, option, 'winogrande')),
  metricList: [ACC], metadata: { version: 1 },
};
