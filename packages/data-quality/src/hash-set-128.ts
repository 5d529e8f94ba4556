/** 128-bit keys of documents already seen, 16 bytes each in a table that is between 35 and 70 % full. */
export interface HashSet128 {
  readonly size: number;
  /** Adds the hash of the units; false where it was there already. */
  add(text: Units): boolean;
  /** As `add`, for a hash that was made before, four numbers. */
  addHash(hash: Uint32Array): boolean;
}

/** `units[0 … length)`. */
export interface Units {
  readonly units: Uint16Array;
  readonly length: number;
}

const C0 = 0x239b961b, C1 = 0xab0e9789, C2 = 0x38b34ae5, C3 = 0xa1e38b93;
const FIRST_SLOTS = 1024;
const MAX_LOAD = 0.7;

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** Spreads what differs in a few bits over all of them: the last step of MurmurHash3. */
export function finish(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** MurmurHash3 x86 128 over units[0 … length), two to a word (A. Appleby, public domain). Fast, not proof against forgery. */
export function hash128({ units, length }: Units, out: Uint32Array): void {
  let a = 0, b = 0, d = 0, e = 0;
  const two = (i: number): number => (i < length ? (units[i] as number) : 0) | (i + 1 < length ? (units[i + 1] as number) << 16 : 0);
  for (let i = 0; i < length; i += 8) {
    a = (Math.imul(rotate(a ^ Math.imul(rotate(Math.imul(two(i), C0), 15), C1), 19) + b, 5) + 0x561ccd1b) | 0;
    b = (Math.imul(rotate(b ^ Math.imul(rotate(Math.imul(two(i + 2), C1), 16), C2), 17) + d, 5) + 0x0bcaa747) | 0;
    d = (Math.imul(rotate(d ^ Math.imul(rotate(Math.imul(two(i + 4), C2), 17), C3), 15) + e, 5) + 0x96cd1c35) | 0;
    e = (Math.imul(rotate(e ^ Math.imul(rotate(Math.imul(two(i + 6), C3), 18), C0), 13) + a, 5) + 0x32ac3b17) | 0;
  }
  a ^= length;
  b ^= length;
  d ^= length;
  e ^= length;
  a = (a + b + d + e) | 0;
  b = (b + a) | 0;
  d = (d + a) | 0;
  e = (e + a) | 0;
  a = finish(a);
  b = finish(b);
  d = finish(d);
  e = finish(e);
  a = (a + b + d + e) | 0;
  out[0] = a;
  out[1] = b + a;
  out[2] = d + a;
  out[3] = e + a;
}

/** An empty set of 16 KiB, which doubles as it fills. */
export function createHashSet128(): HashSet128 {
  let slots = FIRST_SLOTS;
  let table = new Uint32Array(4 * slots);
  let size = 0;
  const key = new Uint32Array(4);

  /** Slot of the key, or the free slot where it belongs. All zero means free, so a hash of all zero counts as 1. */
  const find = (into: Uint32Array, count: number, [k0 = 0, k1 = 0, k2 = 0, k3 = 0]: Uint32Array): number => {
    for (let slot = k0 & (count - 1); ; slot = (slot + 1) & (count - 1)) {
      const i = 4 * slot;
      const t0 = into[i], t1 = into[i + 1], t2 = into[i + 2], t3 = into[i + 3];
      if (t0 === k0 && t1 === k1 && t2 === k2 && t3 === k3) return slot;
      if (t0 === 0 && t1 === 0 && t2 === 0 && t3 === 0) return slot;
    }
  };

  const grow = (): void => {
    const old = table;
    slots *= 2;
    table = new Uint32Array(4 * slots);
    for (let i = 0; i < old.length; i += 4) {
      const entry = old.subarray(i, i + 4);
      if (entry[0] || entry[1] || entry[2] || entry[3]) table.set(entry, 4 * find(table, slots, entry));
    }
  };

  const addHash = (hash: Uint32Array): boolean => {
    key.set(hash);
    if (!key[0] && !key[1] && !key[2] && !key[3]) key[3] = 1;
    const i = 4 * find(table, slots, key);
    if (table[i] || table[i + 1] || table[i + 2] || table[i + 3]) return false;
    table.set(key, i);
    size++;
    if (size > MAX_LOAD * slots) grow();
    return true;
  };

  const made = new Uint32Array(4);
  return {
    get size() {
      return size;
    },
    add(text) {
      hash128(text, made);
      return addHash(made);
    },
    addHash,
  };
}
