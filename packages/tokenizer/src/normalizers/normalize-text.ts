import { referenceClass, UNKNOWN } from '../reference-classes.ts';
import type { UnicodeForm } from '../tokenizer-json.ts';

// Longer runs than this never occur in writing; shorter ones can't make the engine slow.
const LONG_RUN = /\p{M}{24,}/gu;

// The first character that the reference does not know.
const FIRST_UNKNOWN = 0x378;

/**
 * A text in a form of Unicode as Hugging Face `tokenizers` normalizes it, in linear time. Characters younger than the reference's tables stay as they
 * are and keep what is on either side apart; a character's normalization never changes once it has one, so the rest is the engine's.
 *
 * Engines sort the combining marks of a character by insertion, which takes minutes for a crafted megabyte of marks; here long runs are
 * sorted beforehand, by counting, which doesn't change the result.
 */
export function normalizeText(text: string, form: UnicodeForm): string {
  let normalized = '';
  let done = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at) < FIRST_UNKNOWN ? 0 : text.codePointAt(at)!;
    const size = code > 0xffff ? 2 : 1;
    if (code !== 0 && (referenceClass(code) & UNKNOWN) !== 0) {
      normalized += normalizeKnown(text.slice(done, at), form) + text.slice(at, at + size);
      done = at + size;
    }
    at += size;
  }
  return normalized + normalizeKnown(done === 0 ? text : text.slice(done), form);
}

function normalizeKnown(text: string, form: UnicodeForm): string {
  return text.replace(LONG_RUN, sortMarks).normalize(form);
}

function sortMarks(run: string): string {
  const decomposed = run.replace(/./gsu, (char) => char.normalize('NFD'));
  const classes = combiningClasses(new Set(decomposed));
  const buckets: string[][] = [];
  let sorted = '';
  const flush = (): void => {
    for (const bucket of buckets) if (bucket) sorted += bucket.join('');
    buckets.length = 0;
  };
  for (const mark of decomposed) {
    const kind = classes.get(mark)!;
    if (kind === 0) {
      flush();
      sorted += mark;
    } else {
      (buckets[kind] ??= []).push(mark);
    }
  }
  flush();
  return sorted;
}

/**
 * Numbers that order the marks as their canonical combining classes do, 0 for marks that stay in place. The engine has no
 * property for the class, but shows its order: it exchanges two marks exactly where the first has the higher class.
 */
export function combiningClasses(marks: ReadonlySet<string>): Map<string, number> {
  const exchanged = (a: string, b: string): boolean => a !== b && (a + b).normalize('NFD') === b + a;
  // U+0345 has the highest class of all, 240, and is the only one that has it.
  const movable = [...marks].filter((mark) => mark === '\u0345' || exchanged('\u0345', mark));
  movable.sort((a, b) => (exchanged(a, b) ? 1 : exchanged(b, a) ? -1 : 0));
  const classes = new Map<string, number>();
  for (const mark of marks) classes.set(mark, 0);
  let kind = 1;
  movable.forEach((mark, i) => {
    if (i > 0 && exchanged(mark, movable[i - 1]!)) kind++;
    classes.set(mark, kind);
  });
  return classes;
}
