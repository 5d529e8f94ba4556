import { shown, TokenizerError } from './tokenizer-error.ts';

/** A JSON object whose fields are still unchecked. */
export type Fields = Readonly<Record<string, unknown>>;

const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** The error for a field of the wrong kind. */
export function wrong(path: string, expected: string, found: unknown): TokenizerError {
  return new TokenizerError(
    'E_TOKENIZER_JSON',
    `tokenizerFromJson: expected ${path} to be ${expected} but found ${shown(found)}. Check that the file is a complete tokenizer.json.`,
  );
}

/** The error for something that a valid file may hold but this package does not run. */
export function unsupported(path: string, found: unknown, supported: string): TokenizerError {
  return new TokenizerError(
    'E_TOKENIZER_UNSUPPORTED',
    `tokenizerFromJson: expected ${path} to be ${supported} but found ${shown(found)}. Only these are supported; nothing is skipped in silence.`,
  );
}

/** A JSON object. */
export function objectAt(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value);
  return value as Fields;
}

/** A JSON array. */
export function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, 'an array', value);
  return value as readonly unknown[];
}

/** A string without lone surrogates. */
export function stringAt(value: unknown, path: string): string {
  if (typeof value !== 'string' || LONE_SURROGATE.test(value)) throw wrong(path, 'a well-formed string', value);
  return value;
}

/** A boolean; `missing` stands for an absent field where one is given. */
export function booleanAt(value: unknown, path: string, missing?: boolean): boolean {
  if (value === undefined && missing !== undefined) return missing;
  if (typeof value !== 'boolean') throw wrong(path, 'true or false', value);
  return value;
}

/** An integer in `[0, below)`. */
export function integerAt(value: unknown, path: string, below: number = 2 ** 32): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= below) {
    throw wrong(path, `an integer from 0 to ${below - 1}`, value);
  }
  return value;
}

/** The own field `name`, so that a file can't reach the prototype. */
export function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
