import { strip } from '../python/text.ts';
import type { Doc } from '../tasks/doc.ts';
import type { TaskConfig } from '../tasks/task-config.ts';
import { ACC, ACC_NORM, textField } from './shared.ts';

/** A text of WikiHow without the marks that the dataset left in it. */
const cleaned = (text: string): string => strip(text).replaceAll(' [title]', '. ').replace(/\[[^\n]*?\]/g, '').replaceAll('  ', ' ');

/** `text.capitalize()`. */
const capitalized = (text: string): string => {
  const [first = '', ...rest] = text;
  return first.toUpperCase() + rest.join('').toLowerCase();
};

/** What is asked about a document of the dataset: the activity, what happened so far, and four ways to go on. */
function asked(doc: Doc): Doc {
  const text = (field: string): string => textField(doc, field, 'hellaswag');
  const endings = Array.isArray(doc.endings) ? doc.endings as readonly string[] : [];
  return { ...doc, query: cleaned(`${text('activity_label')}: ${text('ctx_a')} ${capitalized(text('ctx_b'))}`), choices: endings.map(cleaned), gold: Number(doc.label) };
}

/** HellaSwag: which of four endings follows. Documents have activity_label, ctx_a, ctx_b, endings, label. Zellers et al. 2019, https://arxiv.org/abs/1905.07830 */
export const hellaswag: TaskConfig = {
  task: 'hellaswag', tag: ['multiple_choice'], datasetPath: 'Rowan/hellaswag', outputType: 'multiple_choice', trainingSplit: 'train', validationSplit: 'validation',
  processDocs: (docs) => docs.map(asked), docToText: '{{query}}', docToTarget: '{{label}}', docToChoice: 'choices', metricList: [ACC, ACC_NORM], metadata: { version: 1 },
};
