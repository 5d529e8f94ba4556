/** Fewer words than this are a title, an item of a list or a caption, which need no mark at their end. */
const LEAST_WORDS = 8;
const LEAST_IDEOGRAPHS = 16;
const ENDS_AMID = /[\p{L}\p{N},;、，；：(（[{–—-]$/u;

/**
 * Whether a text breaks off: its last line is long enough to be running text (8 words, or 16 Chinese, Japanese or Korean characters)
 * and ends with a letter, a digit, a comma, a semicolon, a dash or an opening bracket; or a code fence is not closed.
 *
 * @example
 * ```ts
 * import { breaksOff } from '@llm/data-quality';
 * console.assert(breaksOff('They had walked along the wall for an hour when the'));
 * console.assert(!breaksOff('They walked.') && !breaksOff('# A title of three words'));
 * ```
 */
export function breaksOff(text: string): boolean {
  if ((text.match(/^\s{0,3}```/gm)?.length ?? 0) % 2 === 1) return true;
  const end = text.trimEnd();
  const line = end.slice(end.lastIndexOf('\n') + 1);
  if (!ENDS_AMID.test(line)) return false;
  // The words of a line of any length need not all be counted.
  const part = line.slice(-2000);
  return (part.match(/\S+/g)?.length ?? 0) >= LEAST_WORDS || (part.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/gu)?.length ?? 0) >= LEAST_IDEOGRAPHS;
}
