/** What compiled loops export besides themselves; all numbers but counts are places in the memory. */
export interface CompiledLoops {
  readonly memory: WebAssembly.Memory;
  firstFree(): number;
}

/** A memory that grew beyond this is given back with its instance after use. */
const KEEP_BYTES = 2 ** 26;
const PAGE = 65_536;

/** Gives out compiled loops; undefined where there is no WebAssembly of the kind or a page's policy forbids it. The same until a large input came. */
export function loopsOf<T extends CompiledLoops>(compiled: string): () => T | undefined {
  let compiledModule: WebAssembly.Module | undefined;
  let instance: T | undefined;
  return () => {
    if (instance && instance.memory.buffer.byteLength <= KEEP_BYTES) return instance;
    try {
      compiledModule ??= new WebAssembly.Module(Uint8Array.from(atob(compiled), (char) => char.charCodeAt(0)));
      instance = new WebAssembly.Instance(compiledModule).exports as unknown as T;
    } catch {
      return undefined;
    }
    return instance;
  };
}

/** Places for blocks of the given bytes, each a multiple of 16, in a memory that grows for them. */
export function layOut({ memory, firstFree }: CompiledLoops, sizes: readonly number[]): number[] {
  let at = Math.ceil(firstFree() / 16) * 16;
  const places = sizes.map((bytes) => {
    const place = at;
    at += Math.ceil(bytes / 16) * 16;
    return place;
  });
  const missing = at - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return places;
}
