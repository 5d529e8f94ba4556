import { readMessages, templateFields } from './fields.ts';
import type { Format } from './format.ts';

/** `{messages: [{role, content}, …]}`: a conversation, with `tools` beside it where there are some. */
export const messages: Format = {
  name: 'messages',
  type: 'language-modeling',
  shape: '{"messages": [{"role", "content"}]}',
  matches: (record) => 'messages' in record,
  read: (record, index) => ({ format: 'messages', index, completion: readMessages(record.messages, { field: 'messages', index }), ...templateFields(record, index) }),
};
