import { Tensor } from '@tensorflow/tfjs-core';

/** What a call was given, taken apart: tensors and arrays by place, and a key for everything else. */
export interface Parts {
  readonly key: string;
  readonly tensors: readonly Tensor[];
  readonly arrays: readonly ArrayBufferView[];
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

function identityOf(value: object): number {
  const known = identities.get(value);
  if (known !== undefined) return known;
  identities.set(value, nextIdentity);
  return nextIdentity++;
}

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
};

/** Takes a value apart; two values with the same key differ in the contents of tensors and arrays alone. */
export function takeApart(value: unknown): Parts {
  const tensors: Tensor[] = [];
  const arrays: ArrayBufferView[] = [];
  const walk = (item: unknown): string => {
    if (item instanceof Tensor) {
      tensors.push(item);
      return `${item.dtype}[${item.shape.join()}]`;
    }
    if (ArrayBuffer.isView(item)) {
      arrays.push(item);
      return `${item.constructor.name}(${item.byteLength})`;
    }
    if (Array.isArray(item)) return `[${item.map(walk).join()}]`;
    if (typeof item === 'object' && item !== null && isPlain(item)) return `{${Object.entries(item).map(([name, entry]) => `${JSON.stringify(name)}:${walk(entry)}`).join()}}`;
    if ((typeof item === 'object' && item !== null) || typeof item === 'function') return `#${identityOf(item)}`;
    return typeof item === 'string' ? JSON.stringify(item) : `${typeof item}:${Object.is(item, -0) ? '-0' : String(item)}`;
  };
  return { key: walk(value), tensors, arrays };
}

/** The same value with other tensors in the places of its own, in the order of `takeApart`. */
export function withOther<T>(value: T, tensors: readonly Tensor[]): T {
  let at = 0;
  const walk = (item: unknown): unknown => {
    if (item instanceof Tensor) return tensors[at++];
    if (ArrayBuffer.isView(item)) return item;
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item === 'object' && item !== null && isPlain(item)) return Object.fromEntries(Object.entries(item).map(([name, entry]) => [name, walk(entry)]));
    return item;
  };
  return walk(value) as T;
}

/** A number for the contents of an array, almost surely another for other contents (FNV-1a over its words). */
export function contentsOf(array: ArrayBufferView): number {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
