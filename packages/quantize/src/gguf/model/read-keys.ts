import { ModelError } from '@llm/model';
import type { GgufMetadata } from '@llm/tensor';

/** Reads typed values out of the metadata of a file. */
export interface Keys {
  /** Undefined where the key is absent and there is no `fallback`; then it is required. */
  number(key: string, fallback?: number): number;
  text(key: string, fallback?: string): string;
  flag(key: string, fallback: boolean): boolean;
  texts(key: string): readonly string[];
  numbers(key: string): readonly number[];
  has(key: string): boolean;
}

/** The shortest decimal number that a 32-bit float stands for: 1e-5 and not 0.000009999999747378752. */
function shortest(value: number): number {
  for (let precision = 6; precision < 9; precision++) {
    const found = Number(value.toPrecision(precision));
    if (Math.fround(found) === value) return found;
  }
  return value;
}

/** The keys of a file, of which a missing or mistyped one is told by name. */
export function readKeys(metadata: GgufMetadata): Keys {
  const fail = (key: string, expected: string): never => {
    const found = metadata.get(key);
    throw new ModelError('E_CONFIG', `importGguf: expected ${expected} at ${key} but found ${found === undefined ? 'nothing' : typeof found === 'object' ? `${found.type} ${String(found.value).slice(0, 40)}` : String(found).slice(0, 40)}. Use a file of a whole model.`);
  };
  const list = (key: string, of: 'string' | 'number'): readonly unknown[] => {
    const found = metadata.get(key);
    if (typeof found !== 'object' || found.type !== 'array' || (of === 'string') !== (found.of === 'string')) return fail(key, of === 'string' ? 'a list of texts' : 'a list of numbers');
    return found.value;
  };
  return {
    number(key, fallback) {
      const found = metadata.get(key);
      if (found === undefined && fallback !== undefined) return fallback;
      if (typeof found !== 'object' || found.type === 'array') return fail(key, 'a number');
      return found.type === 'f32' ? shortest(Number(found.value)) : Number(found.value);
    },
    text(key, fallback) {
      const found = metadata.get(key) ?? fallback;
      return typeof found === 'string' ? found : fail(key, 'a text');
    },
    flag(key, fallback) {
      const found = metadata.get(key) ?? fallback;
      return typeof found === 'boolean' ? found : fail(key, 'true or false');
    },
    texts: (key) => list(key, 'string') as readonly string[],
    numbers: (key) => list(key, 'number').map(Number),
    has: (key) => metadata.has(key),
  };
}
