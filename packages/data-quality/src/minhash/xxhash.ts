/** Halves of the 64-bit number that the functions below leave behind: an object would have to be made for each. */
let low = 0;
let high = 0;

/** (low, high) · (pl, ph) modulo 2⁶⁴. */
function multiply(l: number, h: number, pl: number, ph: number): void {
  const l0 = l & 0xffff, l1 = l >>> 16, p0 = pl & 0xffff, p1 = pl >>> 16;
  const m1 = (Math.imul(l1, p0) + (Math.imul(l0, p0) >>> 16)) | 0;
  const m2 = (Math.imul(l0, p1) + (m1 & 0xffff)) | 0;
  high = (Math.imul(l1, p1) + (m1 >>> 16) + (m2 >>> 16) + Math.imul(l, ph) + Math.imul(h, pl)) | 0;
  low = Math.imul(l, pl);
}

function add(l: number, h: number): void {
  const sum = (low + l) | 0;
  high = (high + h + (sum >>> 0 < l >>> 0 ? 1 : 0)) | 0;
  low = sum;
}

/** To the left by `bits`, of 1 … 31. */
function rotate(bits: number): void {
  const l = (low << bits) | (high >>> (32 - bits));
  high = (high << bits) | (low >>> (32 - bits));
  low = l;
}

const P1L = 0x85ebca87 | 0, P1H = 0x9e3779b1 | 0, P2L = 0x27d4eb4f, P2H = 0xc2b2ae3d | 0, P3L = 0x9e3779f9 | 0, P3H = 0x165667b1;
const P4L = 0xc2b2ae63 | 0, P4H = 0x85ebca77 | 0, P5L = 0x165667c5, P5H = 0x27d4eb2f;

const wordAt = (bytes: Uint8Array, at: number): number => (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);

/** Leaves rotate(acc + lane · P2, 31) · P1. */
function round(l: number, h: number, bytes: Uint8Array, at: number): void {
  multiply(wordAt(bytes, at), wordAt(bytes, at + 4), P2L, P2H);
  add(l, h);
  rotate(31);
  multiply(low, high, P1L, P1H);
}

/** Adds the lane turned left to what is there. */
function addRotated(laneLow: number, laneHigh: number, bits: number): void {
  const l = low, h = high;
  low = laneLow;
  high = laneHigh;
  rotate(bits);
  add(l, h);
}

function mergeLane(laneLow: number, laneHigh: number): void {
  const l = low, h = high;
  multiply(laneLow, laneHigh, P2L, P2H);
  rotate(31);
  multiply(low, high, P1L, P1H);
  multiply(low ^ l, high ^ h, P1L, P1H);
  add(P4L, P4H);
}

/** Eats whole stripes of 32 bytes; leaves what they come to and returns where they end. */
function stripes(bytes: Uint8Array, start: number, end: number): number {
  let l0 = (P1L + P2L) | 0, h0 = (P1H + P2H + (l0 >>> 0 < P1L >>> 0 ? 1 : 0)) | 0;
  let l1 = P2L, h1 = P2H, l2 = 0, h2 = 0, l3 = -P1L | 0, h3 = ~P1H;
  let at = start;
  for (; at + 32 <= end; at += 32) {
    round(l0, h0, bytes, at);
    l0 = low;
    h0 = high;
    round(l1, h1, bytes, at + 8);
    l1 = low;
    h1 = high;
    round(l2, h2, bytes, at + 16);
    l2 = low;
    h2 = high;
    round(l3, h3, bytes, at + 24);
    l3 = low;
    h3 = high;
  }
  low = 0;
  high = 0;
  addRotated(l0, h0, 1);
  addRotated(l1, h1, 7);
  addRotated(l2, h2, 12);
  addRotated(l3, h3, 18);
  mergeLane(l0, h0);
  mergeLane(l1, h1);
  mergeLane(l2, h2);
  mergeLane(l3, h3);
  return at;
}

/**
 * XXH64 with seed 0 of `bytes[start … end)`, its halves written to `out[at]` and `outHigh[at]`.
 * https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxhash64(bytes: Uint8Array, start: number, { end, low: outLow, high: outHigh, at: place }: { end: number; low: Int32Array; high: Int32Array; at: number }): void {
  let at = start;
  if (end - start >= 32) at = stripes(bytes, start, end);
  else {
    low = P5L;
    high = P5H;
  }
  add(end - start, 0);
  for (; at + 8 <= end; at += 8) {
    const l = low, h = high;
    round(0, 0, bytes, at);
    low ^= l;
    high ^= h;
    rotate(27);
    multiply(low, high, P1L, P1H);
    add(P4L, P4H);
  }
  if (at + 4 <= end) {
    const l = low, h = high;
    multiply(wordAt(bytes, at), 0, P1L, P1H);
    low ^= l;
    high ^= h;
    rotate(23);
    multiply(low, high, P2L, P2H);
    add(P3L, P3H);
    at += 4;
  }
  for (; at < end; at++) {
    const l = low, h = high;
    multiply(bytes[at] as number, 0, P5L, P5H);
    low ^= l;
    high ^= h;
    rotate(11);
    multiply(low, high, P1L, P1H);
  }
  low ^= high >>> 1;
  multiply(low, high, P2L, P2H);
  const l = low ^ ((low >>> 29) | (high << 3));
  multiply(l, high ^ (high >>> 29), P3L, P3H);
  outLow[place] = low ^ high;
  outHigh[place] = high;
}

const Q1 = 0x9e3779b1 | 0, Q2 = 0x85ebca77 | 0, Q3 = 0xc2b2ae3d | 0, Q4 = 0x27d4eb2f, Q5 = 0x165667b1;
const turn = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

/** XXH32 with seed 0 of `bytes[start … end)`, as a signed number. */
export function xxhash32(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let hash = Q5;
  if (end - start >= 16) {
    let a = (Q1 + Q2) | 0, b = Q2, c = 0, d = -Q1 | 0;
    const step = (acc: number, place: number): number => Math.imul(turn((acc + Math.imul(wordAt(bytes, place), Q2)) | 0, 13), Q1);
    for (; at + 16 <= end; at += 16) {
      a = step(a, at);
      b = step(b, at + 4);
      c = step(c, at + 8);
      d = step(d, at + 12);
    }
    hash = turn(a, 1) + turn(b, 7) + turn(c, 12) + turn(d, 18);
  }
  hash = (hash + end - start) | 0;
  for (; at + 4 <= end; at += 4) hash = Math.imul(turn((hash + Math.imul(wordAt(bytes, at), Q3)) | 0, 17), Q4);
  for (; at < end; at++) hash = Math.imul(turn((hash + Math.imul(bytes[at] as number, Q5)) | 0, 11), Q1);
  hash = Math.imul(hash ^ (hash >>> 15), Q2);
  hash = Math.imul(hash ^ (hash >>> 13), Q3);
  return hash ^ (hash >>> 16);
}
