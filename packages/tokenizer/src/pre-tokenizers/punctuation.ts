import { characters, type Pattern } from '../aligned/stretches.ts';
import { isOf, NUMERIC, PUNCTUATION } from '../reference-classes.ts';

/** Punctuation as BERT has it: all of ASCII that is neither letter, digit nor blank, and what Unicode calls punctuation. */
export const punctuation: Pattern = characters((char) => isOf(char, PUNCTUATION));
/** Rust's `char::is_whitespace`. */
export const whitespace: Pattern = characters((char) => /\p{White_Space}/u.test(char));
/** Rust's `char::is_numeric`. */
export const numeric: Pattern = characters((char) => isOf(char, NUMERIC));
