import { between, type Pattern } from '../aligned/stretches.ts';

// Rust's \w and \s; one class after the other, so that no text is slow.
const WORDS = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;

/** `\w+|[^\w\s]+`: words, and runs of what is neither word nor white space. */
export const words: Pattern = (text) => between(text, function* found() {
  for (const { 0: match, index } of text.matchAll(WORDS)) yield { from: index, to: index + match.length };
}());
