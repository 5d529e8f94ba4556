/** Words in lower case; each Chinese, Japanese or Korean ideograph or syllable stands by itself, as there are no spaces to go by. */
export function wordTokens(text: string): string[] {
  return text.toLowerCase().match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}])[\p{L}\p{M}\p{N}])+/gu) ?? [];
}

/** Whether there is a Chinese ideograph in the text. */
export const hasHan = (text: string): boolean => /\p{sc=Han}/u.test(text);
