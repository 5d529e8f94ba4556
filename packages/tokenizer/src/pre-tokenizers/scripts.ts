import { sizeAt } from '../aligned/aligned-text.ts';
import { referenceScript } from '../reference-classes.ts';

const NAMES = 'Latin Common Inherited Han Hiragana Katakana Cyrillic Greek Arabic Hebrew Devanagari Thai Hangul Armenian Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam '
  + 'Sinhala Lao Tibetan Myanmar Georgian Ethiopic Cherokee Canadian_Aboriginal Ogham Runic Khmer Mongolian Bopomofo Yi Old_Italic Gothic Deseret Tagalog Hanunoo Buhid Tagbanwa Limbu '
  + 'Tai_Le Linear_B Ugaritic Shavian Osmanya Cypriot Braille Buginese Coptic New_Tai_Lue Glagolitic Tifinagh Syloti_Nagri Old_Persian Kharoshthi Balinese Cuneiform Phoenician Phags_Pa '
  + 'Nko Sundanese Lepcha Ol_Chiki Vai Saurashtra Kayah_Li Rejang Lycian Carian Lydian Cham Tai_Tham Tai_Viet Avestan Egyptian_Hieroglyphs Samaritan Lisu Bamum Javanese Meetei_Mayek '
  + 'Imperial_Aramaic Old_South_Arabian Inscriptional_Parthian Inscriptional_Pahlavi Old_Turkic Kaithi Batak Brahmi Mandaic Chakma Meroitic_Cursive Meroitic_Hieroglyphs Miao Sharada '
  + 'Sora_Sompeng Takri Caucasian_Albanian Bassa_Vah Duployan Elbasan Grantha Pahawh_Hmong Khojki Linear_A Mahajani Manichaean Mende_Kikakui Modi Mro Old_North_Arabian Nabataean '
  + 'Palmyrene Pau_Cin_Hau Old_Permic Psalter_Pahlavi Siddham Khudawadi Tirhuta Warang_Citi Ahom Anatolian_Hieroglyphs Hatran Multani Old_Hungarian SignWriting Adlam Bhaiksuki Marchen '
  + 'Newa Osage Tangut Syriac Thaana';

const tests: (readonly [string, RegExp])[] = NAMES.split(' ').map((name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')]);
const known = new Map<number, string | undefined>();

/** The name of a character's script as Unicode writes it; undefined for a script that few people use. */
export function scriptName(code: number): string | undefined {
  if (!known.has(code)) {
    const char = String.fromCodePoint(code);
    known.set(code, tests.find(([, test]) => test.test(char))?.[0]);
  }
  return known.get(code);
}

/**
 * The stretches of a text that are written in one script. Kana count as Han. Blanks, and characters whose script the reference does not
 * know, go with what is before them; those in front of everything are dropped, as in Hugging Face `tokenizers`.
 */
export function scripts(text: string): { readonly from: number; readonly to: number }[] {
  const starts: number[] = [];
  let last = 0;
  for (let at = 0; at < text.length; at += sizeAt(text, at)) {
    const script = referenceScript(text.codePointAt(at)!);
    if (script === 0) continue;
    if (script !== last) starts.push(at);
    last = script;
  }
  return starts.map((from, i) => ({ from, to: starts[i + 1] ?? text.length }));
}
