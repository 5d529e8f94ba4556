// The inner loops of MinHash, compiled into compiled.ts by tools/build-data-loops.mjs. Values of 64 bits are exact: xxhash.ts, sha1.ts
// and permutations.ts, which say the same in 32 bits, are what the tests compare them with.

/** What each UTF-16 unit becomes in a simplified text, and behind them each of U+1F000 … U+1FFFF; 0 where that is not known yet. */
const TABLE: usize = memory.data(139264, 16);

export function unitTable(): usize {
  return TABLE;
}

/** Where memory is free. */
export function firstFree(): usize {
  return __heap_base;
}

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

// @ts-ignore: decorator
@inline
function round(acc: u64, lane: u64): u64 {
  return rotl<u64>(acc + lane * P2, 31) * P1;
}

// @ts-ignore: decorator
@inline
function merge(acc: u64, lane: u64): u64 {
  return (acc ^ round(0, lane)) * P1 + P4;
}

function xxhash64(from: usize, end: usize): u64 {
  const length = end - from;
  let hash: u64 = P5;
  if (length >= 32) {
    let a: u64 = P1 + P2, b: u64 = P2, c: u64 = 0, d: u64 = 0 - P1;
    for (; from + 32 <= end; from += 32) {
      a = round(a, load<u64>(from));
      b = round(b, load<u64>(from, 8));
      c = round(c, load<u64>(from, 16));
      d = round(d, load<u64>(from, 24));
    }
    hash = merge(merge(merge(merge(rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18), a), b), c), d);
  }
  hash += length;
  for (; from + 8 <= end; from += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(from)), 27) * P1 + P4;
  if (from + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(from) * P1), 23) * P2 + P3;
    from += 4;
  }
  for (; from < end; from++) hash = rotl<u64>(hash ^ (<u64>load<u8>(from) * P5), 11) * P1;
  hash = (hash ^ (hash >> 33)) * P2;
  hash = (hash ^ (hash >> 29)) * P3;
  return hash ^ (hash >> 32);
}

/** XXH64 of `runs` stretches of `bytes`: from `starts[i]` to one before `starts[i + ngrams]`. */
export function xxhashRuns(bytes: usize, starts: usize, runs: i32, ngrams: i32, out: usize): void {
  for (let i = 0; i < runs; i++) {
    const start = starts + (<usize>i << 2);
    store<u64>(out + (<usize>i << 3), xxhash64(bytes + load<u32>(start), bytes + load<u32>(start + (<usize>ngrams << 2)) - 1));
  }
}

const SCHEDULE: usize = memory.data(320, 16);
const TAIL: usize = memory.data(128, 16);
let h0: u32 = 0, h1: u32 = 0, h2: u32 = 0, h3: u32 = 0, h4: u32 = 0;

// @ts-ignore: decorator
@inline
function scheduled(i: usize): u32 {
  return load<u32>(SCHEDULE + (i << 2));
}

function block(from: usize): void {
  for (let i: usize = 0; i < 16; i++) store<u32>(SCHEDULE + (i << 2), bswap<u32>(load<u32>(from + (i << 2))));
  for (let i: usize = 16; i < 80; i++) store<u32>(SCHEDULE + (i << 2), rotl<u32>(scheduled(i - 3) ^ scheduled(i - 8) ^ scheduled(i - 14) ^ scheduled(i - 16), 1));
  let a = h0, b = h1, c = h2, d = h3, e = h4;
  let i: usize = 0;
  for (let part = 0; part < 4; part++) {
    const constant: u32 = part == 0 ? 0x5a827999 : part == 1 ? 0x6ed9eba1 : part == 2 ? 0x8f1bbcdc : 0xca62c1d6;
    for (const end = i + 20; i < end; i++) {
      const mixed = part == 0 ? (b & c) | (~b & d) : part == 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const next = rotl<u32>(a, 5) + mixed + constant + e + scheduled(i);
      e = d;
      d = c;
      c = rotl<u32>(b, 30);
      b = a;
      a = next;
    }
  }
  h0 += a;
  h1 += b;
  h2 += c;
  h3 += d;
  h4 += e;
}

function sha1First64(from: usize, end: usize): u64 {
  h0 = 0x67452301;
  h1 = 0xefcdab89;
  h2 = 0x98badcfe;
  h3 = 0x10325476;
  h4 = 0xc3d2e1f0;
  const bits = <u64>(end - from) << 3;
  for (; from + 64 <= end; from += 64) block(from);
  const rest = end - from;
  memory.fill(TAIL, 0, 128);
  memory.copy(TAIL, from, rest);
  store<u8>(TAIL + rest, 0x80);
  const size: usize = rest < 56 ? 64 : 128;
  store<u64>(TAIL + size - 8, bswap<u64>(bits));
  block(TAIL);
  if (size == 128) block(TAIL + 64);
  return <u64>bswap<u32>(h0) | (<u64>bswap<u32>(h1) << 32);
}

/** As `xxhashRuns`, the first eight bytes of SHA-1 as a little-endian number. */
export function sha1Runs(bytes: usize, starts: usize, runs: i32, ngrams: i32, out: usize): void {
  for (let i = 0; i < runs; i++) {
    const start = starts + (<usize>i << 2);
    store<u64>(out + (<usize>i << 3), sha1First64(bytes + load<u32>(start), bytes + load<u32>(start + (<usize>ngrams << 2)) - 1));
  }
}

const P: u64 = 0x1fffffffffffffff;

/** v modulo P. */
// @ts-ignore: decorator
@inline
function reduced(v: u64): u64 {
  const sum = (v & P) + (v >> 61);
  return sum >= P ? sum - P : sum;
}

/**
 * For each pair a, b of `permutations` the smallest ((a·x + b) mod 2^64) mod P over all x. Most x are passed over without the
 * last division: 8·(a·x + b) + 64 modulo 2^64 is 8 times the lower 61 bits and 64; it is not below 8 times the smallest
 * value and 64, but where the value is smaller, or where those bits are at most 7 below P and it may wrap.
 */
export function smallest64(hashes: usize, count: i32, permutations: usize, values: i32, out: usize): void {
  const end = hashes + (<usize>count << 3);
  for (let k = 0; k < values; k++) {
    const a = load<u64>(permutations + (<usize>k << 4)), b = load<u64>(permutations + (<usize>k << 4), 8);
    const a8 = a << 3, b8 = (b << 3) + 64;
    let least: u64 = P;
    let bound: u64 = u64.MAX_VALUE;
    for (let at = hashes; at < end; at += 8) {
      if (a8 * load<u64>(at) + b8 >= bound) continue;
      const value = reduced(a * load<u64>(at) + b);
      if (value >= least) continue;
      least = value;
      if (value < P - 8) bound = (value << 3) + 64;
    }
    store<u64>(out + (<usize>k << 3), least);
  }
}

// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  let h = (x ^ (x >> 16)) * 0x7feb352d;
  h = (h ^ (h >> 15)) * 0x846ca68b;
  return h ^ (h >> 16);
}

const BASE: u32 = 0x2c1b3c6d;
const GAP: u32 = 32;
/** Instead of what a unit becomes: it is a digit, goes, or stays as it is. */
const DIGIT: u32 = 0xfffb;
const GOES: u32 = 0xfffc;
const STAYS: u32 = 0xfffd;

// @ts-ignore: decorator
@inline
function digitAt(at: usize, end: usize): bool {
  return at < end && <u32>load<u8>(at) - 48 < 10;
}

/** Hashes of the words of UTF-8 text, simplified on the way. Their number, or -1 where the table does not say what something becomes. */
export function wordHashes(text: usize, end: usize, out: usize): i32 {
  const first = out;
  let hash: u32 = 0;
  for (let at = text; at < end; ) {
    let unit: u32 = load<u8>(at++);
    if (unit >= 0x80) {
      const second: u32 = load<u8>(at) & 63;
      if (unit < 0xe0) {
        unit = ((unit & 31) << 6) | second;
        at++;
      } else if (unit < 0xf0) {
        unit = ((unit & 15) << 12) | (second << 6) | (load<u8>(at, 1) & 63);
        at += 2;
      } else {
        unit = ((unit & 7) << 18) | (second << 12) | ((load<u8>(at, 1) & 63) << 6) | (load<u8>(at, 2) & 63);
        at += 3;
        if (unit >> 12 != 0x1f) return -1;
        unit = 0x10000 | (unit & 0xfff);
      }
    }
    let becomes: u32 = load<u16>(TABLE + (<usize>unit << 1));
    if (becomes - 1 >= DIGIT - 1) {
      if (becomes == GOES) continue;
      if (becomes == DIGIT) {
        becomes = 48;
        while (digitAt(at, end)) at++;
        if (at < end && (load<u8>(at) == 46 || load<u8>(at) == 44) && digitAt(at + 1, end)) {
          at += 2;
          while (digitAt(at, end)) at++;
        }
      } else if (becomes == STAYS) becomes = unit;
      else return -1;
    }
    // No branch where a word ends, for none would be foreseen: what is stored is overwritten until a gap keeps it.
    store<u32>(out, hash);
    const gap = <u32>(becomes == GAP);
    out += <usize>(gap & <u32>(hash != 0)) << 2;
    hash = (hash * BASE + becomes + 1) & (gap - 1);
  }
  store<u32>(out, hash);
  return <i32>((out - first) >> 2) + i32(hash != 0);
}

const SEEN_BITS: u32 = 12;
/** Hashes of runs met, each at the first free place from the one that its top bits say; 0 is free. */
const SEEN: usize = memory.data(16384, 16);

/**
 * Moves the different ones among hashes to the front and returns where they end. Where there are more than half a table of
 * them it stops moving and keeps the rest as it is: then there are few rounds.
 */
function different(first: usize, last: usize): usize {
  memory.fill(SEEN, 0, 4 << SEEN_BITS);
  let out = first;
  let free: i32 = 1 << (SEEN_BITS - 1);
  for (let at = first; at < last; at += 4) {
    const hash = load<u32>(at);
    if (free > 0) {
      let place = SEEN + (<usize>(mix(hash) >> (32 - SEEN_BITS)) << 2);
      while (load<u32>(place) != 0 && load<u32>(place) != hash) place = place + 4 == SEEN + (4 << SEEN_BITS) ? SEEN : place + 4;
      if (hash != 0) {
        if (load<u32>(place) == hash) continue;
        store<u32>(place, hash);
        free--;
      }
    }
    store<u32>(out, hash);
    out += 4;
  }
  return out;
}

/**
 * Fills `values` places from runs of `ngrams` of the words' hashes, which are overwritten: in round t each run has a hash, whose
 * top says its place; a place keeps the smallest hash of the first round that had any for it. After `values` rounds a round
 * is for one place, so that all get full. `filled` holds the round of each place.
 */
export function sketch(words: usize, count: i32, ngrams: i32, seed: u32, filled: usize, values: i32, out: usize): void {
  let leaving: u32 = 1;
  let run: u32 = 0;
  for (let i = 0; i < ngrams - 1; i++) {
    leaving *= BASE;
    const word = mix(load<u32>(words + (<usize>i << 2)));
    store<u32>(words + (<usize>i << 2), word);
    run = run * BASE + word;
  }
  let last = words + (<usize>(count - ngrams + 1) << 2);
  const ahead = <usize>(ngrams - 1) << 2;
  for (let at = words; at < last; at += 4) {
    const word = mix(load<u32>(at + ahead));
    store<u32>(at + ahead, word);
    run = run * BASE + word;
    const gone = load<u32>(at);
    store<u32>(at, run);
    run -= gone * leaving;
  }
  memory.fill(filled, 0xff, <usize>values << 2);
  let empty = values;
  for (let round = 0; empty > 0; round++) {
    if (round == 1 && last - words > 4096) last = different(words, last);
    const key = mix(seed + <u32>round * 0x9e3779b9);
    for (let at = words; at < last; at += 4) {
      const hash = mix(load<u32>(at) ^ key);
      const place: usize = round < values ? <usize>((<u64>hash * values) >> 32) << 2 : <usize>(round - values) << 2;
      const known = load<i32>(filled + place);
      if (known == round) {
        if (hash < load<u32>(out + place)) store<u32>(out + place, hash);
      } else if (known < 0) {
        store<i32>(filled + place, round);
        store<u32>(out + place, hash);
        empty--;
      }
    }
  }
}
