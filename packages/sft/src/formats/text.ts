import { stringField } from './fields.ts';
import type { Format } from './format.ts';

/** `{text}`: all of it is learned. */
export const text: Format = {
  name: 'text',
  type: 'language-modeling',
  shape: '{"text"}',
  matches: (record) => 'text' in record,
  read: (record, index) => ({ format: 'text', index, completion: stringField(record, 'text', index) }),
};
