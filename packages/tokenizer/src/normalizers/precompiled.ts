import { type Aligned, type Change, changed } from '../aligned/aligned-text.ts';
import { TokenizerError } from '../tokenizer-error.ts';

/**
 * SentencePiece's table of normalizations: a double-array trie of UTF-8 keys, behind its size in bytes, then the texts that stand for them,
 * each ended by a 0.
 *
 * Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226
 */
export function precompiled(charsmap: Uint8Array): (text: Aligned) => Aligned {
  const view = new DataView(charsmap.buffer, charsmap.byteOffset, charsmap.byteLength);
  const size = charsmap.length < 4 ? -1 : view.getUint32(0, true);
  if (size < 0 || size % 4 !== 0 || size + 4 > charsmap.length) {
    throw new TokenizerError('E_TOKENIZER_JSON', `tokenizerFromJson: expected precompiled_charsmap to begin with the size of its table but found ${size} in ${charsmap.length} bytes. Export the tokenizer again.`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = charsmap.subarray(4 + size);
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const encoder = new TextEncoder();
  const known = new Map<string, string | undefined>();
  let plain: boolean | undefined;

  /** What the shortest key stands for that `part` begins with. */
  function find(part: string): string | undefined {
    let node = offsetOf(units[0] ?? 0);
    for (const byte of encoder.encode(part)) {
      if (byte === 0) return undefined;
      node = (node ^ byte) >>> 0;
      const unit = units[node];
      // The label, and a sign bit that leaves alone have.
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
      node = (node ^ offsetOf(unit)) >>> 0;
      if (((unit >>> 8) & 1) === 0) continue;
      const at = (units[node] ?? 0) & 0x7fffffff;
      const end = texts.indexOf(0, at);
      return utf8.decode(texts.subarray(at, end < 0 ? texts.length : end));
    }
    return undefined;
  }
  const standsFor = (part: string): string | undefined => {
    if (!known.has(part)) {
      if (known.size > 65_536) known.clear();
      known.set(part, find(part));
    }
    return known.get(part);
  };

  return (before) => {
    // Most texts are what they are.
    // oxlint-disable-next-line no-control-regex
    if (/^[\x20-\x7e]*$/.test(before.text) && isPlain()) return before;
    const changes: { char: string; change: number }[] = [];
    const put = (part: string, by: string): void => {
      const letters = Array.from(by);
      const more = letters.length - Array.from(part).length;
      letters.forEach((char, i) => changes.push({ char, change: i >= letters.length - more ? 1 : 0 }));
      if (more < 0 && changes.length > 0) changes.at(-1)!.change += more;
    };
    for (const { segment } of graphemes(before.text)) {
      // A character with its marks is looked up as a whole where it is short, else one by one.
      const whole = encoder.encode(segment).length < 6 ? standsFor(segment) : undefined;
      if (whole !== undefined) {
        put(segment, whole);
        continue;
      }
      for (const char of segment) {
        const by = standsFor(char);
        if (by === undefined) changes.push({ char, change: 0 });
        else put(char, by);
      }
    }
    return changed(before, changes satisfies Change[]);
  };

  /** Whether no printable character of ASCII has anything stand for it. */
  function isPlain(): boolean {
    return plain ??= Array.from({ length: 95 }, (_, i) => standsFor(String.fromCharCode(32 + i))).every((by) => by === undefined);
  }
}

let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Iterable<{ segment: string }> {
  return (segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' })).segment(text);
}

function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}
