import { SftError } from '../sft-error.ts';
import type { Fields, Format } from './format.ts';
import type { DatasetType } from './raw-example.ts';

/** A kind of data that is recognised so that the message can say where it belongs. */
function elsewhere(type: DatasetType, shape: string, { matches, remedy }: { matches: (record: Fields) => boolean; remedy: string }): Format {
  return {
    name: type, type, shape, matches,
    read(_record, index) {
      throw new SftError('E_FORMAT', `readExample: expected a record to learn from but found ${type} data, ${shape}. ${remedy}`, { record: index });
    },
  };
}

/** What other stages learn from. */
export const otherTypes: readonly Format[] = [
  elsewhere('preference', '{"chosen", "rejected"}', {
    matches: (record) => 'chosen' in record && 'rejected' in record,
    remedy: 'Use @llm/preference, or make {"prompt", "completion"} of the chosen answers',
  }),
  elsewhere('unpaired-preference', '{"prompt", "completion", "label"}', {
    matches: (record) => 'prompt' in record && 'completion' in record && typeof record.label === 'boolean',
    remedy: 'Use @llm/preference, or keep the records whose label is true and drop that field',
  }),
  elsewhere('stepwise-supervision', '{"prompt", "completions", "labels"}', {
    matches: (record) => 'prompt' in record && 'completions' in record && 'labels' in record,
    remedy: 'Use a reward model of @llm/preference',
  }),
];

/** A prompt without an answer; tried after everything that also has a prompt. */
export const promptOnly: Format = elsewhere('prompt-only', '{"prompt"}', {
  matches: (record) => 'prompt' in record,
  remedy: 'Add "completion" to each record, or sample answers with @llm/preference',
});
