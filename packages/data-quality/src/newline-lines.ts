import { codePoints } from './text-length.ts';

/** A text cut at every `\n`. */
export interface NewlineLines {
  readonly text: string;
  /** Code points of the text. */
  readonly characters: number;
  /** Line i is text[starts[i], ends[i]). */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Whether the same line came before. */
  readonly again: readonly boolean[];
}

let last: NewlineLines | undefined;

/** The lines of a text, which several filters in a row ask for. */
export function newlineLines(text: string): NewlineLines {
  if (last?.text === text) return last;
  const starts: number[] = [];
  const ends: number[] = [];
  const again: boolean[] = [];
  const seen = new Set<string>();
  for (let start = 0; ; ) {
    const at = text.indexOf('\n', start);
    const end = at < 0 ? text.length : at;
    const before = seen.size;
    seen.add(text.slice(start, end));
    starts.push(start);
    ends.push(end);
    again.push(seen.size === before);
    if (at < 0) break;
    start = at + 1;
  }
  last = { text, characters: codePoints(text), starts, ends, again };
  return last;
}

/** Code points of a part of a text, which are its units unless there are pairs of surrogates somewhere. */
export function pointsBetween({ text, characters }: NewlineLines, { start, end }: { start: number; end: number }): number {
  return characters === text.length ? end - start : codePoints(text.slice(start, end));
}
