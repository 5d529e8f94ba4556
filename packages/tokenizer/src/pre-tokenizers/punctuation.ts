import { characters, type Pattern } from '../aligned/stretches.ts';

/** Punctuation as BERT has it: all of ASCII that is neither letter, digit nor blank, and what Unicode calls punctuation. */
export const punctuation: Pattern = characters((char) => /[!-/:-@[-`{-~]|\p{P}/u.test(char));
/** Rust's `char::is_whitespace`. */
export const whitespace: Pattern = characters((char) => /\p{White_Space}/u.test(char));
/** Rust's `char::is_numeric`. */
export const numeric: Pattern = characters((char) => /\p{N}/u.test(char));
