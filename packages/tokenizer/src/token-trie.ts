import type { MergeHistory } from './merge-history.ts';

/** The tokens that bytes can become, by what they spell. */
export interface TokenTrie {
  /** The longest token at the start of `bytes[start, end)`, which is UTF-8 from there on or the rest of a character; it is a single byte at least. */
  longest(bytes: Uint8Array, start: number, end: number): number;
  /** The longest token that begins a token and is not the whole, −1 for single bytes. */
  readonly shorter: Int32Array;
}

const LAST_CHILD = 0x100;

// Larger tries than that of any vocabulary are not built, nor those of longer tokens: what each look costs is bounded by them.
const MOST_BYTES = 1 << 23;
const LONGEST_TOKEN = 512;

/** Builds the {@link TokenTrie} of a model; undefined where a byte has no token or the tokens are too long to be worth it. */
export function tokenTrie(history: MergeHistory, byteIds: Int32Array): TokenTrie | undefined {
  const { born, order, lengths } = history;
  if (byteIds.some((id) => id < 0)) return undefined;
  let total = 0;
  for (const token of order) {
    total += lengths[token]!;
    if (total > MOST_BYTES || lengths[token]! > LONGEST_TOKEN) return undefined;
  }
  const { arena, starts } = spell(history, byteIds);
  const shorter = new Int32Array(born.length).fill(-1);

  // The children of each node lie side by side, by the low five bits of the bytes that lead to them. Four numbers for each node: the longest
  // token on the way to it, its first child, which low five bits its children have, and the byte that leads to it, with a mark on the last
  // child. Memory is what this waits for: a step reads one cache line mostly, and none where no child can be.
  let nodes = new Int32Array(4096);
  // Of each node, its tokens: members[lows[i], highs[i]).
  let lows = new Int32Array(1024);
  let highs = new Int32Array(1024);
  let count = 1;
  const members = Int32Array.from(order);
  const sorted = new Int32Array(members.length);
  highs[0] = members.length;
  nodes[0] = -1;
  const sizes = new Int32Array(256);
  const places = new Int32Array(256);
  // One branch after the other, which keeps its tokens near the processor.
  const waiting = [0];
  const depths = [0];
  while (waiting.length > 0) {
    const node = waiting.pop()!;
    const depth = depths.pop()!;
    if (count + 256 > lows.length) {
      nodes = grown(nodes);
      lows = grown(lows);
      highs = grown(highs);
    }
    let low = lows[node]!;
    const high = highs[node]!;
    const best = nodes[4 * node]!;
    for (let i = low; i < high; i++) {
      const token = members[i]!;
      if (lengths[token] !== depth) continue;
      shorter[token] = best;
      nodes[4 * node] = token;
      members[i] = members[low]!;
      low++;
      break;
    }
    nodes[4 * node + 1] = count;
    if (high - low === 1) {
      // Most nodes have one way on.
      const byte = arena[starts[members[low]!]! + depth]!;
      nodes[4 * count + 3] = byte | LAST_CHILD;
      nodes[4 * node + 2] = 1 << (byte & 31);
      nodes[4 * count] = nodes[4 * node]!;
      lows[count] = low;
      highs[count] = high;
      waiting.push(count++);
      depths.push(depth + 1);
    }
    if (high - low < 2) continue;
    sizes.fill(0);
    for (let i = low; i < high; i++) sizes[arena[starts[members[i]!]! + depth]!]!++;
    let mask = 0;
    for (let i = 0, from = low; i < 256; i++) {
      const byte = (i >> 3) | ((i & 7) << 5);
      const size = sizes[byte]!;
      places[byte] = from;
      if (size === 0) continue;
      mask |= 1 << (byte & 31);
      nodes[4 * count + 3] = byte;
      nodes[4 * count] = nodes[4 * node]!;
      lows[count] = from;
      highs[count] = from + size;
      from += size;
      waiting.push(count++);
      depths.push(depth + 1);
    }
    nodes[4 * node + 2] = mask;
    nodes[4 * count - 1]! |= LAST_CHILD;
    for (let i = low; i < high; i++) sorted[places[arena[starts[members[i]!]! + depth]!]!++] = members[i]!;
    for (let i = low; i < high; i++) members[i] = sorted[i]!;
  }
  nodes = nodes.slice(0, 4 * count);

  // Shortcuts from the root: by the first byte, and by a character of three.
  const afterByte = new Int32Array(256);
  const afterThree = new Int32Array(1 << 16);
  const childrenOf = (node: number): number[] => {
    const children: number[] = [];
    if (nodes[4 * node + 2] === 0) return children;
    let child = nodes[4 * node + 1]!;
    for (; (nodes[4 * child + 3]! & LAST_CHILD) === 0; child++) children.push(child);
    return [...children, child];
  };
  const byteTo = (node: number): number => nodes[4 * node + 3]! & 0xff;
  // Six bits are kept of each byte behind the first: two bytes that go on with no character would look like those of one.
  const goesOn = (node: number): boolean => (byteTo(node) & 0xc0) === 0x80;
  for (const first of childrenOf(0)) {
    const lead = byteTo(first);
    afterByte[lead] = first;
    if (lead < 0xe0 || lead > 0xef) continue;
    for (const second of childrenOf(first).filter(goesOn)) for (const third of childrenOf(second).filter(goesOn)) afterThree[codeUnit(lead, byteTo(second), byteTo(third))] = third;
  }

  return {
    shorter,
    longest(bytes, start, end) {
      const lead = bytes[start]!;
      let at = start + 3;
      let node = lead >= 0xe0 && lead <= 0xef && at <= end ? afterThree[codeUnit(lead, bytes[start + 1]!, bytes[start + 2]!)]! : 0;
      if (node === 0) {
        node = afterByte[lead]!;
        at = start + 1;
      }
      for (; at < end; at++) {
        const byte = bytes[at]!;
        const mask = nodes[4 * node + 2]!;
        const bit = 1 << byte; // of the low five bits
        if ((mask & bit) === 0) break;
        let child = nodes[4 * node + 1]! + bitsIn(mask & (bit - 1));
        let to = nodes[4 * child + 3]!;
        while ((to & 0xff) !== byte && to < LAST_CHILD) to = nodes[4 * ++child + 3]!;
        if ((to & 0xff) !== byte) break;
        node = child;
      }
      return nodes[4 * node]!;
    },
  };
}

function bitsIn(mask: number): number {
  let bits = mask - ((mask >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function codeUnit(lead: number, second: number, third: number): number {
  return ((lead & 15) << 12) | ((second & 63) << 6) | (third & 63);
}

/** What each token spells, one behind the other. */
function spell({ born, order, lengths, left, right }: MergeHistory, byteIds: Int32Array): { arena: Uint8Array; starts: Int32Array } {
  const starts = new Int32Array(born.length + 1);
  for (let token = 0; token < born.length; token++) starts[token + 1] = starts[token]! + lengths[token]!;
  const arena = new Uint8Array(starts[born.length]!);
  byteIds.forEach((id, byte) => (arena[starts[id]!] = byte));
  for (const token of order) {
    if (born[token]! < 0) continue;
    for (let at = starts[token]!, from = starts[left[token]!]!, end = at + lengths[left[token]!]!; at < end; ) arena[at++] = arena[from++]!;
    for (let at = starts[token]! + lengths[left[token]!]!, from = starts[right[token]!]!, end = starts[token + 1]!; at < end; ) arena[at++] = arena[from++]!;
  }
  return { arena, starts };
}

function grown(list: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * list.length);
  larger.set(list);
  return larger;
}
