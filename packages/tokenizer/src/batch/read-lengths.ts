import { field, type Fields, integerAt, objectAt, stringAt, wrong } from '../json-fields.ts';
import type { PaddingJson, TruncationJson } from '../tokenizer-json.ts';

/** Checks `truncation`. */
export function readTruncation(value: unknown): TruncationJson | null {
  if (value === null || value === undefined) return null;
  const fields = objectAt(value, 'truncation');
  const size = (name: string): number => integerAt(field(fields, name), `truncation.${name}`);
  return {
    direction: readDirection(field(fields, 'direction') ?? 'Right', 'truncation'),
    max_length: size('max_length'),
    strategy: oneOf(field(fields, 'strategy'), 'truncation.strategy', ['LongestFirst', 'OnlyFirst', 'OnlySecond']),
    stride: size('stride'),
  };
}

/** Checks `padding`. */
export function readPadding(value: unknown): PaddingJson | null {
  if (value === null || value === undefined) return null;
  const fields = objectAt(value, 'padding');
  const multiple = field(fields, 'pad_to_multiple_of') ?? null;
  const size = (name: string): number => integerAt(field(fields, name), `padding.${name}`);
  return {
    strategy: readStrategy(fields),
    direction: readDirection(field(fields, 'direction'), 'padding'),
    pad_to_multiple_of: multiple === null ? null : integerAt(multiple, 'padding.pad_to_multiple_of'),
    pad_id: size('pad_id'),
    pad_type_id: size('pad_type_id'),
    pad_token: stringAt(field(fields, 'pad_token'), 'padding.pad_token'),
  };
}

function readStrategy(fields: Fields): PaddingJson['strategy'] {
  const strategy = field(fields, 'strategy');
  if (strategy === 'BatchLongest') return strategy;
  if (typeof strategy !== 'object' || strategy === null) throw wrong('padding.strategy', '"BatchLongest" or { "Fixed": length }', strategy);
  return { Fixed: integerAt(field(objectAt(strategy, 'padding.strategy'), 'Fixed'), 'padding.strategy.Fixed') };
}

function readDirection(value: unknown, path: string): 'Left' | 'Right' {
  return oneOf(value, `${path}.direction`, ['Left', 'Right']);
}

function oneOf<T extends string>(value: unknown, path: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw wrong(path, known.map((each) => `"${each}"`).join(' or '), value);
  return found;
}
