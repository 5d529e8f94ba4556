import { type Aligned, type Change, changed } from '../aligned/aligned-text.ts';
import { readCharsmap } from './charsmap.ts';

/**
 * SentencePiece's table of normalizations as Hugging Face `tokenizers` applies it: whole characters with their marks where they are short.
 *
 * Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226
 */
export function precompiled(charsmap: Uint8Array): (text: Aligned) => Aligned {
  const { keys, textAt } = readCharsmap(charsmap, 'tokenizerFromJson');
  const encoder = new TextEncoder();
  const known = new Map<string, string | undefined>();
  let plain: boolean | undefined;

  /** What the shortest key stands for that `part` begins with. */
  function find(part: string): string | undefined {
    for (const { value } of keys(encoder.encode(part), 0)) return textAt(value);
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
    for (const segment of graphemes(before.text)) {
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
// Engines take longer for each character the longer the text is.
const STRETCH = 4096;

/** The characters of a text with their marks. What is one depends on nothing before it, so that a text can be taken stretch by stretch. */
function* graphemes(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' });
  let stretch = STRETCH;
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + stretch);
    if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1]!)) end++;
    let last = '';
    const before = at;
    for (const { segment } of segmenter.segment(text.slice(at, end))) {
      if (last !== '') yield last;
      at += last.length;
      last = segment;
    }
    // The last one may go on behind the stretch.
    if (end === text.length) {
      yield last;
      return;
    }
    stretch = at === before ? 2 * stretch : STRETCH;
  }
}
