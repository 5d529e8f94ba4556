import { ModelError, shown } from '../errors.ts';

/** Reads the keys of an untrusted object one by one; every refusal names the key, the value and what is expected. */
export interface Fields {
  has(key: string): boolean;
  raw(key: string): unknown;
  /** A whole number from `min` (default 1) to `max`; `fallback` stands in for an absent or null key. */
  integer(key: string, range: { min?: number; max: number; fallback?: number }): number;
  /** A finite number within the bounds; `above` is exclusive. */
  number(key: string, range: { above?: number; min?: number; max: number; fallback?: number }): number;
  flag(key: string, fallback: boolean): boolean;
  text(key: string, fallback?: string): string;
  /** Refuses the key when its value is any but `expected`, absent or null. */
  only(key: string, expected: unknown, why: string): void;
  /** The fields of a nested object, or undefined where it is absent or null. */
  nested(key: string): Fields | undefined;
  fail(key: string, expected: string, remedy?: string): never;
}

/** The fields of `json`, called `name` in messages. */
export function fields(json: unknown, name: string): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ModelError('E_CONFIG', `readConfig: expected ${name} to be an object but found ${shown(json)}. Give the parsed config.json of a model.`);
  }
  const object = json as Record<string, unknown>;
  if (Object.hasOwn(object, '__proto__')) {
    throw new ModelError('E_CONFIG', `readConfig: expected the keys of a model in ${name} but found "__proto__". The file is damaged or hostile.`);
  }
  const raw = (key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);
  const has = (key: string): boolean => raw(key) !== undefined && raw(key) !== null;
  const fail = (key: string, expected: string, remedy = 'Correct it in config.json.'): never => {
    const found = Object.hasOwn(object, key) ? shown(raw(key)) : 'no such key';
    throw new ModelError('E_CONFIG', `readConfig: expected ${key} in ${name} to be ${expected} but found ${found}. ${remedy}`);
  };
  const value = <T>(key: string, fallback: T | undefined, read: (value: unknown) => T | undefined, expected: string): T => {
    if (!has(key) && fallback !== undefined) return fallback;
    return read(raw(key)) ?? fail(key, expected);
  };
  return {
    has,
    raw,
    fail,
    integer: (key, { min = 1, max, fallback }) => value(key, fallback, (found) => (
      typeof found === 'number' && Number.isSafeInteger(found) && found >= min && found <= max ? found : undefined
    ), `a whole number from ${min} to ${max}`),
    number: (key, { above = -Infinity, min = -Infinity, max, fallback }) => value(key, fallback, (found) => (
      typeof found === 'number' && Number.isFinite(found) && found > above && found >= min && found <= max ? found : undefined
    ), `a number ${above > -Infinity ? `above ${above}` : `from ${min}`} to ${max}`),
    flag: (key, fallback) => value(key, fallback, (found) => (typeof found === 'boolean' ? found : undefined), 'true or false'),
    text: (key, fallback) => value(key, fallback, (found) => (typeof found === 'string' ? found : undefined), 'a string'),
    only(key, expected, why) {
      if (has(key) && raw(key) !== expected) fail(key, expected === undefined ? 'absent' : shown(expected), why);
    },
    nested: (key) => (has(key) ? fields(raw(key), `${name}.${key}`) : undefined),
  };
}
