import { DataError, type DataErrorCode } from './data-error.ts';
import type { Document } from './types.ts';

export interface JsonRecordOptions {
  readonly code: DataErrorCode;
  /** Name of the public function, for messages. */
  readonly caller: string;
  readonly textField: string;
  readonly idField: string;
  readonly source: string | undefined;
  readonly line: number;
  /** The id where the record has none. */
  readonly ownId: string;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function fieldNames(record: object): string {
  const names = Object.keys(record);
  return names.length === 0 ? 'no fields' : `fields ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}

/** What is wrong with a record of JSON. */
export function jsonFault(found: string, remedy: string, { code, caller, textField, source: file, line, cause }: Pick<JsonRecordOptions, 'code' | 'caller' | 'textField' | 'source' | 'line'> & { cause?: unknown }): DataError {
  return new DataError(code, { problem: `${caller}: expected a JSON object with a string in "${textField}" but found ${found}`, remedy, file, line, cause });
}

/** The document that one parsed record stands for, or what is wrong with it. */
export function jsonDocument(record: unknown, options: JsonRecordOptions): Document | DataError {
  const { textField, idField, source, ownId } = options;
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return jsonFault(describe(record), 'Write one object per line, or an array of objects.', options);
  const { [textField]: value, ...rest } = record as Record<string, unknown>;
  if (typeof value !== 'string') {
    const found = Object.hasOwn(record, textField) ? `${describe(value)} there` : fieldNames(record);
    return jsonFault(found, 'Name the field that holds the text with textField, or set skipBad to pass over such lines.', options);
  }
  const own = Object.hasOwn(rest, idField) ? rest[idField] : undefined;
  const hasId = typeof own === 'string' || typeof own === 'number';
  if (hasId) delete rest[idField];
  return { id: hasId ? String(own) : ownId, text: value, ...(source === undefined ? {} : { source }), ...(Object.keys(rest).length > 0 ? { meta: rest } : {}) };
}
