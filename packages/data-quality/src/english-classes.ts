import { codeRanges, type CodeRange } from './code-ranges.ts';

/** Bits of the character classes that the English word rules speak of. */
export const LOWER = 1;
export const UPPER = 2;
export const ALPHA = 4;
/** Opens or closes a word and is a word of its own there. */
export const PREFIX = 8;
export const SUFFIX = 16;
/** After such a character a full stop ends the word before it. */
export const BEFORE_STOP = 32;
/** Splits a word wherever it stands. */
export const ICON = 64;
export const QUOTE = 128;

const PUNCTUATION = '…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪';
const QUOTES = '\'"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉\u2329\u232a⟦⟧';
const CURRENCY = '$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿';

/** Scripts without case, whole blocks with their digits and marks: they count as lower, as upper and as letters. */
const UNCASED = codeRanges(
  '591-5f4 620-64a 66e-6d5 6e5-6ff 750-77f 8a0-8bd 900-9ff b80-cff d80-dff 1100-137f 2e80-2fdf 2ff0-30ff 31c0-31ef 3200-4dbf 4e00-9fff ac00-d7af f900-faff fb1d-fbb1 fbd3-fd3d fd50-fdc7 fdf0-fdfb fe30-fe4f fe70-fefc 1ee00-1eebb 1f200-1f2ff 20000-2a6df 2a700-2ebef 2f800-2fa1f',
);
/** Latin, Greek and part of Cyrillic: what Unicode calls a lower or an upper case letter there is one. */
const CASED = codeRanges('41-5a 61-7a c0-1bf 1c4-2af 386-3ce 400-45d 490-491 496-497 4a2-4a3 4ae-4af 4ba-4bb 4d8-4d9 4e8-4e9 1d00-1d25 1d6b-1d9a 1e00-1eff 2c60-2c7f a722-a787 a78b-a7b9 a7fa-a7fa ab30-ab5a ab60-ab64 ff21-ff3a ff41-ff5a');
const NOT_CASED = codeRanges('390 3aa-3ab 3b0 3ca-3cb 402 40b 40e-40f 452 45b');
/** Other symbols that came after Unicode 11, which the rules were written with. */
const NEW_SYMBOLS = codeRanges(
  '166d 2427-2429 2b96-2b97 2bc9 2bff 2e50-2e51 2ffc-2fff 31e4-31ef 32ff fbc3-fbd2 fd40-fd4f fd90-fd91 fdc8-fdcf fdfe-fdff 1019c 10ed1-10ed8 11fd5-11fdc 11fe1-11ff1 1cc00-1cfff 1d1e9-1d1ea 1e14f 1ed2e 1f10d-1f10f 1f16c-1f16f 1f1ad 1f6d5-1f6df 1f6ed-1f6ef 1f6fa-1f6ff 1f774-1f77f 1f7d9-1f7ff 1f8b0-1f8ff 1f90c-1f90f 1f93f 1f971-1f972 1f977-1f979 1f97b 1f9a3-1f9af 1f9ba-1f9bf 1f9c3-1f9cf 1fa00-1fa5f 1fa6e-1fbff',
);

const within = (list: readonly CodeRange[], code: number): boolean => list.some(([first, last]) => code >= first && code <= last);
const LOWER_LETTER = /\p{Ll}/u;
const UPPER_LETTER = /\p{Lu}/u;
const OTHER_SYMBOL = /\p{So}/u;

function computeClass(code: number): number {
  const char = String.fromCodePoint(code);
  let bits = 0;
  if (within(UNCASED, code)) bits |= LOWER | UPPER | ALPHA;
  else if (within(CASED, code) && !within(NOT_CASED, code)) {
    if (LOWER_LETTER.test(char) || code === 0x294 || code === 0x295) bits |= LOWER | ALPHA;
    else if (UPPER_LETTER.test(char)) bits |= UPPER | ALPHA;
    else if (code === 0x1bb || code === 0x1c5 || code === 0x1c8 || code === 0x1cb || code === 0x1f2) bits |= ALPHA;
  }
  if (OTHER_SYMBOL.test(char) && !within(NEW_SYMBOLS, code)) bits |= ICON | PREFIX | SUFFIX;
  if (QUOTES.includes(char)) bits |= QUOTE | PREFIX | SUFFIX | BEFORE_STOP;
  if (PUNCTUATION.includes(char)) bits |= PREFIX | SUFFIX | BEFORE_STOP;
  if (CURRENCY.includes(char) || '§%=—–'.includes(char)) bits |= PREFIX;
  if (char === '—' || char === '–') bits |= SUFFIX;
  if ('0123456789%²-+|'.includes(char) || bits & LOWER) bits |= BEFORE_STOP;
  return bits;
}

let plane0: Uint8Array | undefined;

/** Class bits of a code point. */
export function classOf(code: number): number {
  if (code > 0xffff) return computeClass(code);
  // Built on first use: a page that never splits words should not pay for it.
  plane0 ??= Uint8Array.from({ length: 0x10000 }, (_, each) => (each >= 0xd800 && each < 0xe000 ? 0 : computeClass(each)));
  return plane0[code] as number;
}

/** What may follow a digit and is a word of its own at the end: units of measure and currencies. */
export const AFTER_DIGIT: ReadonlySet<string> = new Set(
  [
    ...CURRENCY,
    ...'US$ C$ A$ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % км/ч м/с кг г мг кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тб тбكم غرام جرام جم كغ ملغ كوب اكواب нм'.split(' '),
    ...'km m dm cm mm км м дм см мм كم م سم مم'.split(' ').flatMap((length) => [length, `${length}²`, `${length}³`]),
  ].filter((each) => each !== 'тб'),
);
