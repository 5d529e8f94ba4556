import { type Aligned, type Change, changed } from '../aligned/aligned-text.ts';
import { isOf, UNKNOWN } from '../reference-classes.ts';
import type { UnicodeForm } from '../tokenizer-json.ts';
import { combiningClasses, normalizeText } from './normalize-text.ts';

interface Part {
  readonly change: Change;
  readonly kind: number;
}

/**
 * A Unicode normalization form with the alignment that Hugging Face `tokenizers` keeps: every character belongs to one of the text as
 * given, a composed one (`é` of `e` and U+0301) to the first of those that it is made of, and one that was taken apart lends its place to
 * all its parts.
 */
export function toForm(before: Aligned, form: UnicodeForm): Aligned {
  const text = normalizeText(before.text, form);
  if (text === before.text || before.from === undefined) return { ...before, text };
  const parts = decomposed(before.text, form === 'NFC' || form === 'NFD' ? 'NFD' : 'NFKD');
  return changed(before, form === 'NFC' || form === 'NFKC' ? [...recomposed(parts)] : parts.map(({ change }) => change));
}

function decomposed(text: string, form: 'NFD' | 'NFKD'): Part[] {
  // Texts have few different characters.
  const known = new Map<string, readonly Change[]>();
  const parts: Change[] = [];
  for (const char of text) {
    let changes = known.get(char);
    if (changes === undefined) known.set(char, changes = Array.from(normalizeText(char, form), (part, i) => ({ char: part, change: i === 0 ? 0 : 1 })));
    for (const change of changes) parts.push(change);
  }
  const marks = Array.from(known.values(), (changes) => changes.map(({ char }) => char)).flat().filter((char) => /\p{M}/u.test(char) && !isOf(char, UNKNOWN));
  const classes = combiningClasses(new Set(marks));
  const sorted: Part[] = [];
  let pending: Part[] = [];
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

function* recomposed(parts: readonly Part[]): Generator<Change> {
  // Nor have they many different pairs of neighbours.
  const known = new Map<string, string | undefined>();
  const compose = (first: string, second: string): string | undefined => {
    if (second.codePointAt(0)! < FIRST_COMBINING) return undefined;
    const pair = first + second;
    let composed = known.get(pair);
    if (composed === undefined && !known.has(pair)) known.set(pair, composed = composedOf(pair));
    return composed;
  };
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

/** Nothing before this goes on with a character. */
const FIRST_COMBINING = 0x300;

/** The one character that two are, or undefined. */
function composedOf(pair: string): string | undefined {
  const composed = normalizeText(pair, 'NFC');
  return composed.length === (composed.codePointAt(0)! > 0xffff ? 2 : 1) ? composed : undefined;
}
