const schedule = new Int32Array(80);
const tail = new Uint8Array(128);
const state = new Int32Array(5);
const turn = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

function block(bytes: Uint8Array, from: number): void {
  for (let i = 0; i < 16; i++) {
    const at = from + 4 * i;
    schedule[i] = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  }
  for (let i = 16; i < 80; i++) schedule[i] = turn((schedule[i - 3] as number) ^ (schedule[i - 8] as number) ^ (schedule[i - 14] as number) ^ (schedule[i - 16] as number), 1);
  let a = state[0] as number, b = state[1] as number, c = state[2] as number, d = state[3] as number, e = state[4] as number;
  for (let i = 0; i < 80; i++) {
    const mixed = i < 20 ? ((b & c) | (~b & d)) + 0x5a827999 : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1 : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc : (b ^ c ^ d) + 0xca62c1d6;
    const next = (turn(a, 5) + mixed + e + (schedule[i] as number)) | 0;
    e = d;
    d = c;
    c = turn(b, 30);
    b = a;
    a = next;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
}

const reversed = (x: number): number => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);

/** The first eight bytes of SHA-1 of `bytes[start … end)` as a little-endian number in two halves. FIPS 180-4. */
export function sha1First64(bytes: Uint8Array, start: number, { end, low, high, at: place }: { end: number; low: Int32Array; high: Int32Array; at: number }): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
  let at = start;
  for (; at + 64 <= end; at += 64) block(bytes, at);
  const rest = end - at;
  tail.fill(0);
  for (let i = 0; i < rest; i++) tail[i] = bytes[at + i] as number;
  tail[rest] = 0x80;
  const size = rest < 56 ? 64 : 128;
  const bits = (end - start) * 8;
  for (let i = 0; i < 6; i++) tail[size - 1 - i] = Math.floor(bits / 2 ** (8 * i)) & 255;
  block(tail, 0);
  if (size === 128) block(tail, 64);
  low[place] = reversed(state[0] as number);
  high[place] = reversed(state[1] as number);
}
