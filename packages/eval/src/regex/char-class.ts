import type { CharTest, Flags } from './nodes.ts';

const matches = (pattern: RegExp): CharTest => {
  // Most texts are ASCII; a table saves making a string of every character.
  const table = Uint8Array.from({ length: 128 }, (_, code) => Number(pattern.test(String.fromCharCode(code))));
  return (code) => (code < 128 ? table[code] === 1 : pattern.test(String.fromCodePoint(code)));
};

const UNICODE: Readonly<Record<string, CharTest>> = {
  w: matches(/^[\p{L}\p{N}_]$/u), d: matches(/^\p{Nd}$/u),
  s: matches(/^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u),
};
const ASCII: Readonly<Record<string, CharTest>> = { w: matches(/^[\w]$/), d: matches(/^[0-9]$/), s: matches(/^[\t-\r ]$/) };

/** The class of `\w`, `\d` or `\s`, or of its opposite in capitals. */
export function escapedClass(letter: string, { ascii }: Flags): CharTest | undefined {
  const found = (ascii ? ASCII : UNICODE)[letter.toLowerCase()];
  if (found === undefined) return undefined;
  return letter === letter.toLowerCase() ? found : (code) => !found(code);
}

/** What a word is made of, for `\b`. */
export const isWord: CharTest = UNICODE.w!;

/** The upper and lower forms of a character, itself included. */
function cases(code: number): number[] {
  const letter = String.fromCodePoint(code);
  return [letter, letter.toLowerCase(), letter.toUpperCase()].filter((form) => [...form].length === 1).map((form) => form.codePointAt(0)!);
}

/** The same class without regard to case, where the flags say so. */
export function inCase(test: CharTest, { ignoreCase }: Flags): CharTest {
  return ignoreCase ? (code) => cases(code).some(test) : test;
}

/** One character. */
export function oneChar(code: number, flags: Flags): CharTest {
  return inCase((other) => other === code, flags);
}

/** Whether two characters are the same, without regard to case where asked. */
export function sameChar(a: number, b: number, ignoreCase: boolean): boolean {
  return a === b || (ignoreCase && cases(a).includes(cases(b)[1] ?? b));
}
