// Strings that tokenizers get wrong, the same ones for a seed: what the fuzzer of ../tokenizers.mjs feeds to both sides.
import { seededRandom } from './seeded-random.mjs';

const between = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i));

/** Every member of \s as Rust, Python, JavaScript or Oniguruma see it, and blanks that are none. */
const BLANKS = [
  '\t', '\n', '\v', '\f', '\r', '\x1c', '\x1d', '\x1e', '\x1f', ' ', '\x85', '\xa0', '\u1680', '\u180e', ...between(0x2000, 0x200a), '\u200b', '\u2028', '\u2029', '\u202f', '\u205f',
  '\u2060', '\u3000', '\ufeff',
];
const LINES = ['\n', '\r', '\r\n', '\n\n', '\r\n\r\n', '\n\r', '\n \n', ' \r\n\t', '\u2028', '\u2029', '\x85', '\v', '\f'];
/** Cased, folded or composed into something of another length, or not at all. */
const TRAPS = [
  '\u0130', '\u0131', '\xdf', '\u1e9e', '\u03c2', '\u03c3', '\u03a3', '\u03b1\u03a3', '\u017f', '\u212a', '\u212b', '\u0149', '\u01f0', '\u0390', '\u01c5', '\u01c4', '\ufb01', '\ufb03', '\ufb06', '\ufdfa', '\u3392', '\u33a5', '\u2460', '\xbd',
  '\xb2', '\u2075', '\u2167', '\uff21', '\uff41', '\uff11', '\uff0c', '\uff5e', '\uff76\uff9e', '\u30ab\u3099', '\u304b\u3099', '\u309b', '\u0344', '\u0958', '\u2adc', '\ufb1f', '\u0385', '\u1fee', '\u2126', '\u1e69', 's\u0323\u0307', 's\u0307\u0323',
  '\u0340', '\u0374', '\u037e', '\u0387', '\u1fef', '\u2000', '\u2329', '\uf900', '\ufa0e', '\u{2f800}', '\u{1d400}', '\u{1d7d8}', '\u{1f100}', '\u{1f190}', '\u3231', '\u1e9b\u0323', '\u01e2', '\u0226\u0301', '\u0e33', '\u0eb3', '\u0f77', '\u0f73',
];
const WORDS = [
  'the', 'The', 'THE', 'know', 'knowing', 'other', 'hello', 'world', 'low', 'lower', 'naive', 'na\xefve', 'caf\xe9', 'cafe\u0301', 'a', 'I', 'x', 'and', 'isn', 'do not', 'n\'t', 'a.b', 'foo_bar', 'camelCase', 'HTTPServer', '2024', '1,234.56', '3rd',
  '\u4f60\u597d', '\u4e16\u754c', '\u3053\u3093\u306b\u3061\u306f', '\u30ab\u30bf\u30ab\u30ca', '\ud55c\uad6d\uc5b4', '\u0440\u0443\u0441\u0441\u043a\u0438\u0439', '\u0395\u03bb\u03bb\u03ac\u03b4\u03b1', '\u039f\u0394\u039f\u03a3', '\u0e44\u0e17\u0e22', '\u0645\u0631\u062d\u0628\u0627', '\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd',
];
const CONTRACTIONS = ['\'s', '\'S', '\'t', '\'T', '\'re', '\'RE', '\'rE', '\'ve', '\'Ve', '\'m', '\'M', '\'ll', '\'LL', '\'d', '\'D', '\'\u017f', '\u2019s', '\'', '\'\'', '\' s'];
const MARKS = [...between(0x300, 0x36f), ...between(0x591, 0x5bd), ...between(0x610, 0x61a), ...between(0x64b, 0x65f), ...between(0x483, 0x487), ...between(0x1ab0, 0x1abe), ...between(0x20d0, 0x20f0), '\u0e38', '\u0e48', '\u0f71', '\u0f72', '\u0f74', '\u3099', '\u309a', '\u1037', '\u103a', '\ufe20', '\ufe2f'];
const EMOJI = [
  '\u{1f600}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f3f3}\ufe0f\u200d\u{1f308}', '\u{1f44d}\u{1f3fd}', '\u{1f1ec}\u{1f1e7}', '\u{1f1e9}', '#\ufe0f\u20e3', '\u2764\ufe0f\u200d\u{1f525}', '\u2764\ufe0e', '\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}', '\u200d', '\ufe0f', '\u{1f9d1}\u{1f3ff}\u200d\u{1f680}',
];
const BIDI = ['\u200e', '\u200f', '\u061c', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069', '\u200c', '\u200d', '\xad', '\u034f'];
const JAMO = [...between(0x1100, 0x1112), ...between(0x1161, 0x1175), ...between(0x11a8, 0x11c2), '\u1113', '\u1160', '\u1176', '\u11a7', '\u11c3', '\ua960', '\ud7b0', '\ud7cb', '\uac00', '\uac01', '\ud7a3', '\u3131', '\uffa1'];
const INDIC = ['\u0915\u094d\u0937', '\u0930\u094d', '\u0928\u094d\u200d', '\u0915\u093c', '\u0958', '\u0ba3\u0bcd', '\u0bca', '\u0bc6\u0bbe', '\u0d4d\u0d30', '\u0d4a', '\u0c95\u0ccd\u0cb7', '\u0cca\u0cd5', '\u0995\u09cd\u09b7', '\u09cb', '\u09c7\u09be', '\u0b4b', '\u0dde', '\u1026', '\u1025\u102e', '\u17d2\u1780', '\u0f40\u0fb5', '\u0f69', '\u1b06'];
const IDEOGRAPHS = [...between(0x4e00, 0x4e20), ...between(0x3400, 0x3410), ...between(0x20000, 0x20020), '\u{2a6d6}', '\u{2a700}', '\u{2b740}', '\u{2b820}', '\u{2ceb0}', '\u{2f800}', '\uf900', '\ufaff', '\u3005', '\u3007', '\u303b', '\u3001', '\u3002', '\uff01', '\u300c', '\u30fb', '\u30fc'];
const CONTROLS = [...between(0, 0x1f), ...between(0x7f, 0x9f), '\ufeff', '\ufffe', '\uffff', '\ufdd0', '\u{1fffe}', '\ufff9', '\ufffb', '\ufffc', '\ufffd', '\ue000', '\u{f0000}', '\u{10ffff}', '\u{e0001}', '\u{e0100}'];
const SURROGATES = ['\ud800', '\udbff', '\udc00', '\udfff', '\ud83d', '\ude00', '\ude00\ud83d', '\ud83da'];
/** What the files and pipelines themselves use for something. */
const WIRING = ['\u2581', '\u0120', '\u010a', '\u0100', '##', '@@', '</w>', '<0xE4>', '<0x0A>', '<0xZZ>', '<unk>', '[UNK]', '|', '~', '?', '_', '\u203f', '\u2040', ' .', ' ?', ' \' ', ' \'s', ' do not', '\u0251', '!!!', '...', '->', '//', '/*', '$', '^', '`', '\xb7', '\xa7', '\xb4', '\xa8'];
const ASCII = between(0x20, 0x7e);

const POOLS = [BLANKS, LINES, TRAPS, WORDS, CONTRACTIONS, MARKS, EMOJI, BIDI, JAMO, INDIC, IDEOGRAPHS, CONTROLS, WIRING, ASCII, WORDS, ASCII, BLANKS];
const LATIN = 0x250;

/**
 * A generator of hostile strings, of characters of all of Unicode, assigned or not. `tokens` are added tokens, which come whole, cut
 * short, doubled and inside of words.
 */
export function* hostileStrings({ seed, count, tokens }) {
  const random = seededRandom(seed);
  const below = (n) => Math.floor(random() * n);
  const one = (list) => list[below(list.length)];

  function anyCharacter() {
    const reach = one([LATIN, 0x3000, 0x10000, 0x20000, 0x110000]);
    for (;;) {
      const code = below(reach);
      if (code < 0xd800 || code > 0xdfff) return String.fromCodePoint(code);
    }
  }

  function broken() {
    const token = one(tokens);
    switch (below(6)) {
      case 0: return token.slice(0, 1 + below(token.length));
      case 1: return token.slice(below(token.length));
      case 2: return token + token;
      case 3: return `${one(WORDS)}${token}${one(WORDS)}`;
      case 4: return `${one(BLANKS)}${token}${one(BLANKS)}`;
      default: return token;
    }
  }

  const pieces = {
    pool: () => one(one(POOLS)),
    word: () => `${below(3) === 0 ? '' : one([' ', ' ', ' ', '  ', '\n', '\t'])}${one(WORDS)}${below(4) === 0 ? one(CONTRACTIONS) : ''}`,
    any: anyCharacter,
    token: broken,
    marked: () => `${one([...ASCII, ...TRAPS, ...JAMO, ''])}${Array.from({ length: 1 + below(4) }, () => one(MARKS)).join('')}`,
    surrogate: () => one(SURROGATES),
  };
  const MIXES = [
    ['pool'], ['word', 'pool'], ['word', 'word', 'word', 'token'], ['any'], ['any', 'pool'], ['pool', 'token', 'word'], ['marked', 'any', 'word'], ['pool', 'pool', 'any', 'token', 'word', 'marked'],
    ['word', 'pool', 'surrogate', 'any'],
  ];

  for (let i = 0; i < count; i++) {
    // An overlong run, with something before and behind it.
    if (i % 97 === 13) {
      const unit = one([one(one(POOLS)), one(MARKS), one(BLANKS), one(LINES), one(WORDS), one(tokens)]);
      yield `${pieces.word()}${unit.repeat(1 + below(i % 970 === 13 ? 300 : 40))}${pieces.pool()}`;
      continue;
    }
    const mix = one(MIXES);
    const length = below(8) === 0 ? below(60) : below(14);
    let text = '';
    for (let n = 0; n < length; n++) text += pieces[one(mix)]();
    // Whitespace is most dangerous at the ends.
    if (below(3) === 0) text += `${one(LINES)}${below(2) === 0 ? one(BLANKS) : ''}${below(2) === 0 ? one(BLANKS) : ''}`;
    if (below(8) === 0) text = `${one(BLANKS)}${text}`;
    yield text;
  }
}
