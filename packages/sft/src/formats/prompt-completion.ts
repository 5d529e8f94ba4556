import { readMessages, stringField, templateFields, wrong } from './fields.ts';
import type { Format } from './format.ts';

/** `{prompt, completion}`, both text or both messages: the completion is learned. */
export const promptCompletion: Format = {
  name: 'prompt-completion',
  type: 'prompt-completion',
  shape: '{"prompt", "completion"}',
  matches: (record) => 'prompt' in record && 'completion' in record,
  read(record, index) {
    const { prompt, completion } = record;
    if (Array.isArray(prompt)) {
      return {
        format: 'prompt-completion', index, prompt: readMessages(prompt, { field: 'prompt', index }), completion: readMessages(completion, { field: 'completion', index }),
        ...templateFields(record, index),
      };
    }
    if (Array.isArray(completion)) wrong('completion', 'a string, like prompt', completion, index);
    return { format: 'prompt-completion', index, prompt: stringField(record, 'prompt', index), completion: stringField(record, 'completion', index) };
  },
};
