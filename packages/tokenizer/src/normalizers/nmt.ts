import { type Aligned, filtered, mapped } from '../aligned/aligned-text.ts';

/* oxlint-disable no-control-regex, no-misleading-character-class */
const GONE = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/;
const BLANK = /[\u0009\u000a\u000c\u000d\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/;
/* oxlint-enable no-control-regex, no-misleading-character-class */

/** What SentencePiece's translation models did first: control characters out, and odd white space as blanks. */
export function nmt(text: Aligned): Aligned {
  return mapped(filtered(text, (char) => !GONE.test(char)), (char) => (BLANK.test(char) ? ' ' : char));
}
