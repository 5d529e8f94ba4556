/**
 * A text on its way from what was given to what a model sees. Where offsets are wanted it knows of each of its UTF-16 units where in the
 * text as given the character begins and ends that it comes from.
 */
export interface Aligned {
  readonly text: string;
  /** Undefined where nobody asks for offsets. */
  readonly from: Uint32Array | undefined;
  readonly to: Uint32Array | undefined;
}

/**
 * A character of a changed text: `change` is 0 where it stands for the next one of the text before, 1 where it is one more, and −n where
 * it stands for the next one and n behind it are gone.
 */
export interface Change {
  readonly char: string;
  readonly change: number;
}

/** A text as given, from unit `from` to unit `to` of the whole. */
export function alignedText(text: string, { at, tracked }: { at: number; tracked: boolean }): Aligned {
  if (!tracked) return { text, from: undefined, to: undefined };
  const from = new Uint32Array(text.length);
  const to = new Uint32Array(text.length);
  for (let unit = 0; unit < text.length;) {
    const end = unit + sizeAt(text, unit);
    const begins = at + unit;
    for (; unit < end; unit++) {
      from[unit] = begins;
      to[unit] = at + end;
    }
  }
  return { text, from, to };
}

/** The units from `start` to `end`. */
export function sliced({ text, from, to }: Aligned, start: number, end: number): Aligned {
  return { text: text.slice(start, end), from: from?.subarray(start, end), to: to?.subarray(start, end) };
}

/**
 * A text after changes, of which the first `removed` characters are gone before them. What is added shares the place of the character
 * before it.
 */
export function changed(before: Aligned, changes: readonly Change[], { removed = 0 }: { removed?: number } = {}): Aligned {
  const text = changes.map(({ char }) => char).join('');
  if (before.from === undefined || before.to === undefined) return { text, from: undefined, to: undefined };
  const from = new Uint32Array(text.length);
  const to = new Uint32Array(text.length);
  let unit = 0;
  let next = 0;
  const skip = (count: number): void => {
    for (let i = 0; i < count && next < before.text.length; i++) next += sizeAt(before.text, next);
  };
  skip(removed);
  for (const { char, change } of changes) {
    const place = change > 0 ? next - 1 : next;
    // What has no place begins and ends at 0.
    const [begins, ends] = place < 0 ? [0, 0] : [before.from[place]!, before.to[place]!];
    for (let i = 0; i < char.length; i++, unit++) {
      from[unit] = begins;
      to[unit] = ends;
    }
    if (change <= 0) skip(1 - change);
  }
  return { text, from, to };
}

/** Only the characters that `keep` says; what is left out counts to the character before it. */
export function filtered(before: Aligned, keep: (char: string) => boolean): Aligned {
  const changes: { char: string; change: number }[] = [];
  let removed = 0;
  for (const char of before.text) {
    if (keep(char)) changes.push({ char, change: 0 });
    else if (changes.length === 0) removed++;
    else changes.at(-1)!.change--;
  }
  return changed(before, changes, { removed });
}

/** Each character as one or several others. */
export function mapped(before: Aligned, map: (char: string) => string): Aligned {
  if (before.from === undefined) return { text: Array.from(before.text, map).join(''), from: undefined, to: undefined };
  return changed(before, Array.from(before.text).flatMap((char) => Array.from(map(char), (each, i) => ({ char: each, change: i === 0 ? 0 : 1 }))));
}

/** Text in front, in the place of the first character; nothing where there is none. */
export function prepended(before: Aligned, prefix: string): Aligned {
  if (before.text === '' || prefix === '') return before;
  const text = prefix + before.text;
  if (before.from === undefined || before.to === undefined) return { text, from: undefined, to: undefined };
  const shifted = (places: Uint32Array): Uint32Array => {
    const all = new Uint32Array(text.length).fill(places[0]!, 0, prefix.length);
    all.set(places, prefix.length);
    return all;
  };
  return { text, from: shifted(before.from), to: shifted(before.to) };
}

/** A stretch of a text that a pattern matched, or one between matches. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly match: boolean;
}

/** Every match as `content`, in the place of its last character. */
export function replaced(before: Aligned, stretches: Iterable<Stretch>, content: string): Aligned {
  const parts: Aligned[] = [];
  for (const { from, to, match } of stretches) {
    if (!match) {
      parts.push(sliced(before, from, to));
      continue;
    }
    // Where nothing was matched there is no last character: it is the one before.
    const place = to - 1;
    const at = (places: Uint32Array | undefined): Uint32Array | undefined => places && new Uint32Array(content.length).fill(place < 0 ? 0 : places[place]!);
    parts.push({ text: content, from: at(before.from), to: at(before.to) });
  }
  const text = parts.map((part) => part.text).join('');
  if (before.from === undefined) return { text, from: undefined, to: undefined };
  const joined = (which: 'from' | 'to'): Uint32Array => {
    const all = new Uint32Array(text.length);
    let unit = 0;
    for (const part of parts) {
      all.set(part[which]!, unit);
      unit += part.text.length;
    }
    return all;
  };
  return { text, from: joined('from'), to: joined('to') };
}

/** UTF-16 units of the character at a unit; 1 for a lone surrogate. */
export function sizeAt(text: string, unit: number): number {
  return text.codePointAt(unit)! > 0xffff ? 2 : 1;
}
