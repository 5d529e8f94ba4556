import { charactersOf, type Text } from './marked-text.ts';
import { isText, isUndefined, kindOf, numberOf, refused, type Arguments, type Value } from './values.ts';

/** Reads the arguments of one call, by position or by name, and refuses those that nobody read. */
export interface ArgumentReader {
  any(index: number, name: string): Value | undefined;
  text(index: number, name: string): Text;
  text(index: number, name: string, fallback: Text): Text;
  integer(index: number, name: string, fallback?: number): number;
  /** None and what is absent are undefined. */
  optional(index: number, name: string): Value | undefined;
}

/** An {@link ArgumentReader} that knows the names that the function takes, in order. */
export function readArguments(what: string, args: Arguments, names: readonly string[]): ArgumentReader {
  if (args.positional.length > names.length) throw refused(`${what}: expected at most ${names.length} arguments but found ${args.positional.length}. Leave out the rest.`);
  for (const name of args.named.keys()) if (!names.includes(name)) throw refused(`${what}: expected the arguments ${names.join(', ') || 'none'} but found ${name}. Leave it out.`);
  const any = (index: number, name: string): Value | undefined => args.positional[index] ?? (index < args.positional.length ? null : args.named.get(name));
  const missing = (name: string, expected: string, value: Value | undefined): Error =>
    refused(`${what}: expected ${expected} as ${name} but found ${value === undefined ? 'nothing' : `a ${kindOf(value)}`}. Pass one.`);
  return {
    any,
    text(index: number, name: string, fallback?: Text) {
      const value = any(index, name) ?? fallback;
      if (isText(value)) return value;
      throw missing(name, 'a text', value);
    },
    integer(index, name, fallback) {
      const value = numberOf(any(index, name) ?? fallback);
      if (value === undefined || !Number.isInteger(value)) throw missing(name, 'an integer', any(index, name));
      return value;
    },
    optional(index, name) {
      const value = any(index, name) ?? undefined;
      return isUndefined(value) ? undefined : value;
    },
  };
}

/** The characters of an optional text argument. */
export function optionalCharacters(value: Value | undefined): string | undefined {
  return isText(value) ? charactersOf(value) : undefined;
}
