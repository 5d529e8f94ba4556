import { type Aligned, mapped } from '../aligned/aligned-text.ts';
import { CAPITAL, isOf } from '../reference-classes.ts';

/** Each character by itself in small letters, so that a sigma at the end of a word is like any other. */
export function lowercase(text: Aligned): Aligned {
  return mapped(text, (char) => (isOf(char, CAPITAL) ? char.toLowerCase() : char));
}
