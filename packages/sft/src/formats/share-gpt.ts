import { isFields, readMessages, stringField, templateFields } from './fields.ts';
import type { Fields, Format } from './format.ts';

const firstOf = ({ conversations }: Fields): unknown => (Array.isArray(conversations) ? conversations[0] : undefined);

/**
 * `{conversations: [{from, value}, …]}`, as ShareGPT wrote it, with `human` and `gpt` for `user` and `assistant`. A `system` beside
 * it comes first. `conversations` of role and content are read too.
 */
export const shareGpt: Format = {
  name: 'sharegpt',
  type: 'language-modeling',
  shape: '{"conversations": [{"from", "value"}]}',
  matches: (record) => 'conversations' in record,
  read(record, index) {
    const first = firstOf(record);
    const names = isFields(first) && 'from' in first ? { role: 'from', content: 'value' } : undefined;
    const messages = readMessages(record.conversations, { field: 'conversations', index, ...(names === undefined ? {} : { names }) });
    const system = 'system' in record && record.system !== null && record.system !== '' ? [{ role: 'system', content: stringField(record, 'system', index) }] : [];
    return { format: 'sharegpt', index, completion: [...system, ...messages], ...templateFields(record, index) };
  },
};
