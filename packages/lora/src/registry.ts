import type { Tree } from '@llm/tensor';
import { type Adapter, adapterTensors, attach, disposeAdapter } from './adapter.ts';
import { LoraError } from './errors.ts';

export interface RegistryOptions {
  /** The most bytes that all adapters on the device may take together. */
  readonly maxBytes: number;
  /** The most bytes that one adapter may take; default `maxBytes`. */
  readonly maxBytesEach?: number;
  /** Brings an adapter that is not on the device, from a file or a server; undefined for one that does not exist. */
  readonly load?: (name: string) => Promise<Adapter | undefined> | Adapter | undefined;
  /** Is given an adapter that was changed here before it leaves the device. */
  readonly save?: (name: string, adapter: Adapter) => Promise<void>;
}

/** Adapters of many users, or tasks, over one model. */
export interface Registry {
  /** Runs `fn` on the model under an adapter, which stays on the device meanwhile. */
  use<T>(name: string, fn: (params: Tree) => Promise<T> | T): Promise<T>;
  /** Adds an adapter, or puts it in the place of another; the registry owns it from now on and will save it. */
  put(name: string, adapter: Adapter): Promise<void>;
  /** Saves what is not saved yet and frees an adapter; it can be loaded again. */
  evict(name: string): Promise<void>;
  /** Frees an adapter without saving it. */
  remove(name: string): void;
  /** Those on the device, the least recently used first. */
  resident(): string[];
  readonly usedBytes: number;
  /** Saves and frees all. */
  close(): Promise<void>;
}

interface Entry { readonly adapter: Adapter; readonly bytes: number; users: number; changed: boolean }

function bytesOf(adapter: Adapter): number {
  return [...new Set(Object.values(adapterTensors(adapter)))].reduce((sum, { size }) => sum + 4 * size, 0);
}

/**
 * Keeps the adapters of many users over one model within a quota: those used last stay on the device, the others are saved,
 * freed, and loaded again when they are asked for. A model is switched by choosing another tree, so nothing is copied.
 *
 * @throws LoraError E_QUOTA for an adapter that is too large, or where all that are on the device are in use; E_NOT_FOUND for a
 * name that nobody knows.
 *
 * @example
 * ```ts
 * import { adapterOf, adapterRegistry, lora } from '@llm/lora';
 * import { linear, ones, useDevice, type Weight } from '@llm/tensor';
 * await useDevice('cpu');
 * const base = { proj: { weight: ones([2, 2]) } };
 * const registry = adapterRegistry(base, { maxBytes: 1000, load: (user) => adapterOf(lora(base, { targets: ['proj'], seed: user.length })) });
 * const y = await registry.use('ada', (params) => linear(ones([1, 2]), (params.proj as { weight: Weight }).weight).data());
 * if (y[0] !== 2 || registry.resident().join() !== 'ada') throw new Error('loaded');
 * await registry.close();
 * ```
 */
export function adapterRegistry(base: Tree, { maxBytes, maxBytesEach = maxBytes, load, save }: RegistryOptions): Registry {
  // A map goes through its keys in the order in which they were set: the first is the least recently used.
  const entries = new Map<string, Entry>();
  const loading = new Map<string, Promise<Entry>>();
  let usedBytes = 0;
  const drop = (name: string, entry: Entry): void => {
    if (entries.get(name) !== entry) return;
    entries.delete(name);
    usedBytes -= entry.bytes;
    disposeAdapter(entry.adapter);
  };
  const evictEntry = async (name: string, entry: Entry): Promise<void> => {
    if (entry.changed) await save?.(name, entry.adapter);
    entry.changed = false;
    if (entry.users === 0) drop(name, entry);
  };
  const checkSize = (name: string, adapter: Adapter): number => {
    const bytes = bytesOf(adapter);
    if (bytes <= Math.min(maxBytes, maxBytesEach)) return bytes;
    throw new LoraError('E_QUOTA', `adapterRegistry: expected an adapter of at most ${Math.min(maxBytes, maxBytesEach)} bytes but found ${bytes} of ${name}. Lower its rank, or raise the quota.`);
  };
  const add = async (name: string, adapter: Adapter, changed: boolean): Promise<Entry> => {
    const bytes = checkSize(name, adapter);
    const full = (): boolean => usedBytes + bytes > maxBytes;
    while (full()) {
      const oldest = [...entries].find(([, { users }]) => users === 0);
      if (oldest === undefined) throw new LoraError('E_QUOTA', `adapterRegistry: expected room for ${bytes} bytes of ${name} but found ${usedBytes} of ${maxBytes} in use. Wait for one of ${entries.size} to end, or raise maxBytes.`);
      await evictEntry(...oldest);
    }
    const entry: Entry = { adapter, bytes, users: 0, changed };
    entries.set(name, entry);
    usedBytes += bytes;
    return entry;
  };
  const bring = async (name: string): Promise<Entry> => {
    const adapter = await load?.(name);
    if (adapter === undefined) throw new LoraError('E_NOT_FOUND', `adapterRegistry: expected an adapter called ${name} but found none. Put it, or give a load that knows it.`);
    try {
      return await add(name, adapter, false);
    } catch (error) {
      disposeAdapter(adapter);
      throw error;
    }
  };
  const find = async (name: string): Promise<Entry> => {
    const here = entries.get(name);
    if (here !== undefined) return here;
    const coming = loading.get(name) ?? bring(name).finally(() => loading.delete(name));
    loading.set(name, coming);
    return coming;
  };
  return {
    get usedBytes() { return usedBytes; },
    async use(name, fn) {
      let entry = await find(name);
      // Others may have taken its place while it came.
      while (entries.get(name) !== entry) entry = await find(name);
      entry.users++;
      entries.delete(name);
      entries.set(name, entry);
      try {
        return await fn(attach(base, entry.adapter));
      } finally {
        entry.users--;
      }
    },
    async put(name, adapter) {
      const before = entries.get(name);
      if (before !== undefined && before.users > 0) throw new LoraError('E_QUOTA', `adapterRegistry: expected ${name} to be idle but found it in use. Wait until it ends.`);
      // Refused now rather than when it is used.
      attach(base, adapter);
      checkSize(name, adapter);
      if (before !== undefined) drop(name, before);
      await add(name, adapter, true);
    },
    async evict(name) {
      const entry = entries.get(name);
      if (entry !== undefined) await evictEntry(name, entry);
    },
    remove(name) {
      const entry = entries.get(name);
      if (entry !== undefined && entry.users > 0) throw new LoraError('E_QUOTA', `adapterRegistry: expected ${name} to be idle but found it in use. Wait until it ends.`);
      if (entry !== undefined) drop(name, entry);
    },
    resident: () => [...entries.keys()],
    async close() {
      for (const each of [...entries]) await evictEntry(...each);
    },
  };
}
