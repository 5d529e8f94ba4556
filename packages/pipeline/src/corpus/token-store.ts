import type { RawTensor } from '@llm/tensor';
import { readSafetensorsFile, writeSafetensorsFile } from '@llm/tensor/node';

/** Token ids of many documents: document i is ids[offsets[i] … offsets[i + 1]). */
export interface TokenStore {
  readonly ids: Int32Array;
  readonly offsets: Uint32Array;
}

/** A store that grows, four bytes a token. */
export interface GrowingStore {
  add(ids: ArrayLike<number>): void;
  readonly tokens: number;
  finish(): TokenStore;
}

/** A store that tokens are added to, doubling its room as it fills. */
export function growingStore(): GrowingStore {
  let ids = new Int32Array(1 << 16);
  let used = 0;
  const offsets = [0];
  return {
    add(more) {
      if (used + more.length > ids.length) {
        const larger = new Int32Array(Math.max(used + more.length, 2 * ids.length));
        larger.set(ids.subarray(0, used));
        ids = larger;
      }
      ids.set(more, used);
      used += more.length;
      offsets.push(used);
    },
    get tokens() { return used; },
    finish: () => ({ ids: ids.slice(0, used), offsets: Uint32Array.from(offsets) }),
  };
}

/** Each document's ids in turn. */
export function* documentsOf({ ids, offsets }: TokenStore): Generator<Int32Array> {
  for (let i = 0; i + 1 < offsets.length; i++) yield ids.subarray(offsets[i]!, offsets[i + 1]!);
}

/** Stores by name, in one safetensors file. */
export async function writeTokens(path: string, stores: Readonly<Record<string, TokenStore>>): Promise<void> {
  await writeSafetensorsFile(path, Object.entries(stores).flatMap(([name, { ids, offsets }]) => [
    [`${name}.ids`, { dtype: 'I32' as const, shape: [ids.length], data: ids }],
    [`${name}.offsets`, { dtype: 'U32' as const, shape: [offsets.length], data: offsets }],
  ] as const), { metadata: {} });
}

/** Reads the named stores back from a file. */
export async function readTokens(path: string, names: readonly string[]): Promise<Record<string, TokenStore>> {
  const file = await readSafetensorsFile(path);
  try {
    const stores: Record<string, TokenStore> = {};
    for (const name of names) {
      const ids = words(await file.read(`${name}.ids`));
      const offsets = words(await file.read(`${name}.offsets`));
      stores[name] = { ids, offsets: new Uint32Array(offsets.buffer) };
    }
    return stores;
  } finally {
    await file.close();
  }
}

function words({ data }: RawTensor): Int32Array<ArrayBuffer> {
  return new Int32Array(data.slice().buffer);
}
