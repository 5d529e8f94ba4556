import { CAPITAL, CLASS, kindOf, LETTER, NUMBER, OTHER, SMALL } from '../character-class.ts';
import { isPatternWord } from '../reference-classes.ts';
import type { CharTest, Dialect, Flags } from './nodes.ts';

const matches = (pattern: RegExp): CharTest => {
  // Most texts are ASCII; a table saves making a string of every character.
  const table = Uint8Array.from({ length: 128 }, (_, code) => Number(pattern.test(String.fromCharCode(code))));
  return (code) => (code < 128 ? table[code] === 1 : pattern.test(String.fromCodePoint(code)));
};

const CLASSES: Readonly<Record<'ascii' | Dialect, Readonly<Record<string, CharTest>>>> = {
  ascii: { w: matches(/^[\w]$/), d: matches(/^[0-9]$/), s: matches(/^[\t-\r ]$/) },
  python: {
    w: matches(/^[\p{L}\p{N}_]$/u), d: matches(/^\p{Nd}$/u),
    s: matches(/^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u),
  },
  oniguruma: {
    w: isPatternWord, d: matches(/^\p{Nd}$/u), s: matches(/^\p{White_Space}$/u), h: matches(/^[0-9A-Fa-f]$/),
  },
};

/** The class of `\w`, `\d` or `\s`, or of its opposite in capitals. */
export function escapedClass(letter: string, { ascii }: Flags, dialect: Dialect): CharTest | undefined {
  const found = CLASSES[ascii ? 'ascii' : dialect][letter.toLowerCase()];
  if (found === undefined) return undefined;
  return letter === letter.toLowerCase() ? found : (code) => !found(code);
}

const POSIX: Readonly<Record<string, string>> = {
  alpha: 'Alphabetic', digit: 'Nd', space: 'White_Space', upper: 'Uppercase', lower: 'Lowercase', punct: 'P', cntrl: 'Cc', xdigit: 'AHex', alnum: '', word: '', blank: '', graph: '', print: '', ascii: 'ASCII', any: 'Any',
};
const POSIX_SETS: Readonly<Record<string, RegExp>> = {
  alnum: /^[\p{Alphabetic}\p{Nd}]$/u, blank: /^[\t\p{Zs}]$/u, graph: /^[^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}]$/u, print: /^[\p{Zs}]$|^[^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}]$/u,
};

const isLetter: CharTest = (code) => (kindOf(code) & CLASS) === LETTER;
const isNumber: CharTest = (code) => (kindOf(code) & CLASS) === NUMBER;
const isMark: CharTest = (code) => kindOf(code) === (OTHER | CAPITAL | SMALL);
const isSmall: CharTest = (code) => kindOf(code) === (LETTER | SMALL);
/** Those of which the engine's Unicode may be another than the reference's. */
const TABLES: Readonly<Record<string, CharTest>> = {
  l: isLetter, letter: isLetter, n: isNumber, number: isNumber, m: isMark, mark: isMark, ll: isSmall, word: isPatternWord,
};

/** The class of a property of Unicode by its name, a script, or one of POSIX; undefined where there is none of that name. */
export function propertyClass(name: string): CharTest | undefined {
  const plain = name.replace(/[ _-]/g, '').toLowerCase();
  if (Object.hasOwn(TABLES, plain)) return TABLES[plain];
  if (Object.hasOwn(POSIX_SETS, plain)) return matches(POSIX_SETS[plain]!);
  for (const property of [...(Object.hasOwn(POSIX, plain) ? [POSIX[plain]!] : []), name, `Script=${name}`]) {
    if (!/^[A-Za-z_=]+$/.test(property)) continue;
    try {
      return matches(new RegExp(`^\\p{${property}}$`, 'u'));
    } catch {
      // Another kind of name, or none.
    }
  }
  return undefined;
}

/** What a word is made of, for `\b`. */
export const isWord: Readonly<Record<Dialect, CharTest>> = { python: CLASSES.python.w!, oniguruma: CLASSES.oniguruma.w! };

/** The upper and lower forms of a character, itself included. */
function cases(code: number): number[] {
  const letter = String.fromCodePoint(code);
  return [letter, letter.toLowerCase(), letter.toUpperCase(), letter.toUpperCase().toLowerCase()].filter((form) => [...form].length === 1).map((form) => form.codePointAt(0)!);
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
