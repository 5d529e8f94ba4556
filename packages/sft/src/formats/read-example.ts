import { SftError } from '../sft-error.ts';
import { alpaca } from './alpaca.ts';
import { isFields, shown } from './fields.ts';
import type { Fields, Format } from './format.ts';
import { messages } from './messages.ts';
import { otherTypes, promptOnly } from './other-types.ts';
import { promptCompletion } from './prompt-completion.ts';
import type { RawExample } from './raw-example.ts';
import { shareGpt } from './share-gpt.ts';
import { text } from './text.ts';

/** The formats in the order in which they are tried. */
export const formats: readonly Format[] = [...otherTypes, messages, shareGpt, promptCompletion, alpaca, text, promptOnly];

export interface ReadExampleOptions {
  /** The number of the record in its file, from 0, for messages. */
  readonly index?: number;
  /** Default: all that there are. Put one of your own first to read another. */
  readonly formats?: readonly Format[];
}

/**
 * The format of a record, by its fields.
 *
 * @throws SftError E_FORMAT where no format has these fields.
 *
 * @example
 * ```ts
 * import { detectFormat } from '@llm/sft';
 * if (detectFormat({ instruction: 'Add.', input: '1 2', output: '3' }).name !== 'alpaca') throw new Error('alpaca');
 * if (detectFormat({ messages: [] }).type !== 'language-modeling') throw new Error('messages');
 * ```
 */
export function detectFormat(record: unknown, { index, formats: known = formats }: ReadExampleOptions = {}): Format {
  if (!isFields(record)) throw new SftError('E_RECORD', `detectFormat: expected an object but found ${shown(record)}. Write one JSON object a line`, { record: index });
  const found = known.find((format) => format.matches(record));
  if (found !== undefined) return found;
  throw new SftError(
    'E_FORMAT',
    `detectFormat: expected the fields of one of ${known.map(({ shape }) => shape).join(', ')} but found ${fieldsShown(record)}. Rename the fields`,
    { record: index },
  );
}

/**
 * A record, checked: alpaca, ShareGPT, messages, prompt and completion, or text.
 *
 * @throws SftError E_RECORD for a field that is not what it should be, E_FORMAT for other fields and for data of other stages; the
 * message says which record, what was expected and what was found.
 *
 * @example
 * ```ts
 * import { readExample } from '@llm/sft';
 * const { completion } = readExample({ conversations: [{ from: 'human', value: 'Hi' }, { from: 'gpt', value: 'Hello' }] });
 * if (typeof completion === 'string' || completion[1]?.role !== 'assistant') throw new Error('messages of user and assistant');
 * ```
 */
export function readExample(record: unknown, options: ReadExampleOptions = {}): RawExample {
  return detectFormat(record, options).read(record as Fields, options.index);
}

/**
 * All records of a file, checked, with their numbers.
 *
 * @throws SftError as `readExample`, and E_EMPTY where there is none.
 */
export function readExamples(records: Iterable<unknown>, { formats: known = formats }: { readonly formats?: readonly Format[] } = {}): RawExample[] {
  const found = Array.from(records, (record, index) => readExample(record, { index, formats: known }));
  if (found.length === 0) throw new SftError('E_EMPTY', 'readExamples: expected at least one record but found none. Check the file and the filters');
  return found;
}

function fieldsShown(record: Fields): string {
  const names = Object.keys(record);
  return names.length === 0 ? 'none' : shown(names).slice(1, -1);
}
