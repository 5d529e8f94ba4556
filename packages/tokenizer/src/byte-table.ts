/** A set of byte strings, each numbered 0, 1, 2 … in the order of its first appearance. */
export interface ByteTable {
  /** How many byte strings it holds. */
  readonly count: number;
  /** The number of `bytes[start, end)`, which is added when it is new (the number is then the old `count`). */
  intern(bytes: Uint8Array, start: number, end: number): number;
  /** The number of `bytes[start, end)`, or −1. */
  find(bytes: Uint8Array, start: number, end: number): number;
  /** All the byte strings one after another; string `i` is `arena[offsets[i], offsets[i + 1])`. */
  readonly arena: Uint8Array;
  readonly offsets: Int32Array;
}

/**
 * Makes an empty {@link ByteTable}: open addressing over typed arrays, so that a look-up allocates nothing.
 * The hash starts from a random number, which keeps a crafted text from making every piece collide.
 */
export function byteTable(): ByteTable {
  const seed = (Math.random() * 2 ** 32) | 0;
  let mask = 1023;
  let slots = new Int32Array(mask + 1).fill(-1);
  let hashes = new Int32Array(512);
  let offsets = new Int32Array(513);
  let arena = new Uint8Array(8192);
  let count = 0;

  // The slot of the string, or the empty one where it belongs.
  function slotOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = slots[slot]!;
      if (index < 0) return slot;
      if (hashes[index] !== hash) continue;
      const from = offsets[index]!;
      if (offsets[index + 1]! - from !== length) continue;
      let same = 0;
      while (same < length && arena[from + same] === bytes[start + same]) same++;
      if (same === length) return slot;
    }
  }

  function hashOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = seed;
    for (let i = start; i < end; i++) {
      hash = Math.imul(hash ^ bytes[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  function grow(): void {
    hashes = copyInto(new Int32Array(hashes.length * 2), hashes);
    offsets = copyInto(new Int32Array(hashes.length + 1), offsets);
    mask = mask * 2 + 1;
    slots = new Int32Array(mask + 1).fill(-1);
    for (let index = 0; index < count; index++) {
      let slot = hashes[index]! & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
  }

  function add(bytes: Uint8Array, start: number, end: number, hash: number): void {
    const from = offsets[count]!;
    const to = from + end - start;
    if (to > arena.length) arena = copyInto(new Uint8Array(Math.max(to, arena.length * 2)), arena);
    for (let i = start, at = from; i < end; i++) arena[at++] = bytes[i]!;
    hashes[count] = hash;
    offsets[++count] = to;
    if (count === hashes.length) grow();
  }

  return {
    get count() {
      return count;
    },
    get arena() {
      return arena;
    },
    get offsets() {
      return offsets;
    },
    intern(bytes, start, end) {
      const hash = hashOf(bytes, start, end);
      const slot = slotOf(bytes, start, end, hash);
      const found = slots[slot]!;
      if (found >= 0) return found;
      slots[slot] = count;
      add(bytes, start, end, hash);
      return count - 1;
    },
    find(bytes, start, end) {
      return slots[slotOf(bytes, start, end, hashOf(bytes, start, end))]!;
    },
  };
}

function copyInto<T extends Int32Array | Uint8Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
