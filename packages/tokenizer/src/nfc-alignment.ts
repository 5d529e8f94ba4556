import { combiningClasses, normalizeNfc } from './normalize-nfc.ts';

/** A normalized text, and where in the text as given each of its UTF-16 units comes from. */
export interface AlignedText {
  readonly text: string;
  /** Where the character begins that unit i comes from, and where it ends; undefined where both texts are the same. */
  readonly from?: Uint32Array;
  readonly to?: Uint32Array;
}

/**
 * NFC with the alignment that Hugging Face `tokenizers` keeps: every character belongs to one of the text as given, a composed one
 * (`é` of `e` and U+0301) to the first of those that it is made of, and one that was taken apart lends its place to all its parts.
 */
export function alignNfc(text: string): AlignedText {
  const normalized = normalizeNfc(text);
  if (normalized === text) return { text };
  const from = new Uint32Array(normalized.length);
  const to = new Uint32Array(normalized.length);
  const given = Array.from(text);
  let unit = 0;
  let next = 0;
  // Where the character that was consumed last begins and ends.
  let begin = 0;
  let end = 0;
  for (const { char, change } of recompose(decompose(given))) {
    // One more character shares the place of the one before.
    const first = change > 0 ? begin : end;
    const after = change > 0 ? end : end + (given[next]?.length ?? 0);
    for (let taken = change; taken <= 0 && next < given.length; taken++) {
      begin = end;
      end += given[next++]!.length;
    }
    for (let i = 0; i < char.length; i++) {
      from[unit] = first;
      to[unit++] = after;
    }
  }
  return { text: normalized, from, to };
}

// `change` is 0 for a character that stands for one of the text as given, 1 for one more, −n for one that swallowed n.
interface Change {
  readonly char: string;
  readonly change: number;
}

function decompose(given: readonly string[]): { change: Change; kind: number }[] {
  const parts: Change[] = [];
  for (const char of given) Array.from(char.normalize('NFD')).forEach((part, i) => parts.push({ char: part, change: i === 0 ? 0 : 1 }));
  const classes = combiningClasses(new Set(parts.map(({ char }) => char).filter((char) => /\p{M}/u.test(char))));
  const sorted: { change: Change; kind: number }[] = [];
  let pending: { change: Change; kind: number }[] = [];
  const flush = (): void => {
    // Stable, and in one pass for the usual run of one or two.
    for (const item of pending.sort((a, b) => a.kind - b.kind)) sorted.push(item);
    pending = [];
  };
  for (const change of parts) {
    const kind = classes.get(change.char) ?? 0;
    if (kind === 0) flush();
    pending.push({ change, kind });
  }
  flush();
  return sorted;
}

function* recompose(parts: readonly { change: Change; kind: number }[]): Generator<Change> {
  let starter: Change | undefined;
  let waiting: Change[] = [];
  let last = -1;
  for (const { change, kind } of parts) {
    if (!starter) {
      if (kind === 0) starter = change;
      else yield change;
      continue;
    }
    const composed = last < kind ? compose(starter.char, change.char) : undefined;
    if (composed !== undefined) {
      starter = { char: composed, change: starter.change + change.change - 1 };
    } else if (kind === 0) {
      yield starter;
      yield* waiting;
      waiting = [];
      starter = change;
      last = -1;
    } else {
      waiting.push(change);
      last = kind;
    }
  }
  if (starter) yield starter;
  yield* waiting;
}

function compose(first: string, second: string): string | undefined {
  if (second.codePointAt(0)! < 0x300) return undefined;
  const composed = (first + second).normalize('NFC');
  return composed.length === (composed.codePointAt(0)! > 0xffff ? 2 : 1) ? composed : undefined;
}
