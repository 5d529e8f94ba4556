import { type Aligned, changed, filtered, mapped } from '../aligned/aligned-text.ts';
import { CONTROL, isOf, NONSPACING } from '../reference-classes.ts';
import type { BertNormalizerJson } from '../tokenizer-json.ts';
import { lowercase } from './lowercase.ts';
import { toForm } from './unicode-form.ts';

/**
 * What BERT does to a text: control characters out and every white space a blank, blanks around Chinese characters, accents off, small letters.
 *
 * Devlin et al. 2018, https://arxiv.org/abs/1810.04805
 */
export function bertNormalizer({ clean_text: cleans, handle_chinese_chars: spaces, strip_accents: strips, lowercase: small }: BertNormalizerJson): (text: Aligned) => Aligned {
  return (given) => {
    let text = given;
    if (cleans) text = mapped(filtered(text, (char) => !isOf(char, CONTROL)), (char) => (SPACE.test(char) ? ' ' : char));
    if (spaces) text = changed(text, Array.from(text.text).flatMap((char) => (isChinese(char.codePointAt(0)!)
      ? [{ char: ' ', change: 0 }, { char, change: 1 }, { char: ' ', change: 1 }] : [{ char, change: 0 }])));
    if (strips ?? small) text = filtered(toForm(text, 'NFD'), (char) => !isOf(char, NONSPACING));
    return small ? lowercase(text) : text;
  };
}

const SPACE = /\p{White_Space}/u;

function isChinese(code: number): boolean {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) || (code >= 0x20000 && code <= 0x2a6df) || (code >= 0x2a700 && code <= 0x2b73f)
    || (code >= 0x2b740 && code <= 0x2b81f) || (code >= 0x2b920 && code <= 0x2ceaf) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0x2f800 && code <= 0x2fa1f);
}
