import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../../../tools/files-below.mjs';

const root = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Numbers in [0, n), the same for the same seed. */
export function seeded(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Whole paragraphs of a text, about `size` units in each piece. */
function pieces(text, size) {
  const out = [];
  let piece = '';
  for (const paragraph of text.split(/(?<=\n\n)/)) {
    if (piece.length > 300 && piece.length + paragraph.length > size) {
      out.push(piece);
      piece = '';
    }
    piece += paragraph.slice(0, 4 * size);
  }
  return piece.length > 100 ? [...out, piece] : out;
}

/** Pieces of files, one file after another in turn, no piece twice. */
function fromFiles(folder, { wanted, count, random, size = 4000 }) {
  const paths = [...filesBelow(folder, wanted)];
  const texts = new Set();
  for (let tries = 0; texts.size < count && tries < 20 * count && paths.length > 0; tries++) {
    const file = readFileSync(paths[random(paths.length)]);
    const text = file.subarray(0, 400_000).toString('utf8');
    // What is not UTF-8 is no text.
    if (text.includes('\ufffd')) continue;
    const list = pieces(text, 500 + random(size));
    if (list.length > 0) texts.add(list[random(list.length)]);
  }
  return [...texts];
}

const ODD = [
  '\n', '\n\n', '  ', '\r\n', '\r', '\v', '\f', '\u001c', '\u0085', '\u2028', '\u00a0', '\u3000', '\ufeff', '\u200b', '\u0000', '[1]', '[edit]', '[citation needed]', '{', 'lorem ipsum', 'JavaScript', 'use of cookies', "he's", "n't", ':)', '°C.',
  '…', '...', '. . .', '!', '。', '？', '😀', '👩‍👩‍👧', 'é', 'ﬁ', 'ß', 'İ', 'ſ', '•', '- ', '# ', '##', '"', '“', '½', '٣', '１２', '的', 'ありがとう', '한국어', 'العربية', 'नमस्ते', 'e.g.', 'U.S.', '$3.50', 'a.b@c.org', 'https://example.org/a?b=c#d', '\ud83d\udc4d\ud83c\udffd', '𝒳', '\u0301',
];

/** A copy with a few seeded changes: strange characters put in, lines said again, taken out or put in another order, letters changed. */
function mutated(text, random) {
  let lines = text.split('\n');
  const pick = () => random(lines.length);
  for (let changes = 1 + random(6); changes > 0; changes--) {
    const how = random(7);
    const at = pick();
    if (how === 0) lines.splice(at, 0, ...Array(1 + random(6)).fill(lines[pick()]));
    else if (how === 1 && lines.length > 2) lines.splice(at, 1 + random(Math.ceil(lines.length / 3)));
    else if (how === 2) lines[at] = lines[at].toUpperCase();
    else if (how === 3) lines[at] = `${random(2) ? '- ' : '• '}${lines[at]}${random(2) ? '...' : ''}`;
    else if (how === 4) lines = lines.slice(at).concat(lines.slice(0, at));
    else if (how === 5) lines[at] = lines[at].replace(/[.!?]+/g, random(2) ? '' : '?!');
    else for (let times = 1 + random(8); times > 0; times--) {
      const line = pick();
      const place = random(lines[line].length + 1);
      lines[line] = lines[line].slice(0, place) + ODD[random(ODD.length)].repeat(random(10) === 0 ? 40 : 1) + lines[line].slice(place + random(3));
    }
  }
  return lines.join('\n');
}

function garbage(random) {
  const kinds = [
    () => String.fromCharCode(33 + random(94)), () => String.fromCharCode(random(0x500)), () => String.fromCodePoint(0x4e00 + random(0x5000)), () => ODD[random(ODD.length)], () => ['a ', 'the ', 'of ', 'x', '\n', '. '][random(6)],
    () => String.fromCodePoint(0x1f300 + random(0x300)), () => String(random(1_000_000)),
  ];
  const few = kinds.filter(() => random(3) === 0);
  return Array.from({ length: 20 + random(900) }, () => (few.length > 0 ? few[random(few.length)]() : kinds[random(kinds.length)]()) + (random(4) === 0 ? ' ' : '')).join('');
}

/** Chinese documents out of the sentences of the committed README and the fixtures. */
function chinese(count, random) {
  const fixtures = JSON.parse(readFileSync(root('packages/data-quality/fixtures/filters.json'), 'utf8')).rows.flatMap(([text]) => (typeof text === 'string' ? text.split('\n') : []));
  const lines = [...readFileSync(root('README.zh-CN.md'), 'utf8').split('\n'), ...fixtures].filter((line) => /[\u4e00-\u9fff]{3}/.test(line));
  return Array.from({ length: count }, () => Array.from({ length: 3 + random(30) }, () => lines[random(lines.length)]).join(random(4) === 0 ? '\n\n' : '\n'));
}

/** `[{ id, kind, text }]`: about a seventh each of six kinds, and seeded changes of them. Without lone surrogates, which the reference cannot encode. */
export function documents(count, { seed, folders = [] }) {
  const random = seeded(seed);
  const part = Math.ceil(count / 7);
  const installed = root('node_modules/.pnpm');
  const kinds = {
    markdown: fromFiles(installed, { wanted: /\.md$/i, count: 2 * part, random }),
    code: fromFiles(installed, { wanted: /\.(?:d\.ts|[cm]?js|json|ya?ml|css)$/, count: part, random }),
    chinese: chinese(part, random),
    garbage: Array.from({ length: part }, () => garbage(random)),
    ...Object.fromEntries(folders.map((folder) => [folder, fromFiles(folder, { wanted: /\.(?:txt|md|rst|py|pod|jsonl)$/, count: part, random })])),
  };
  const known = Object.entries(kinds).flatMap(([kind, texts]) => texts.map((text) => ({ kind, text })));
  const changed = Array.from({ length: 2 * part }, () => known[random(known.length)]).map(({ kind, text }) => ({ kind: `${kind}, changed`, text: mutated(text, random) }));
  return [...known, ...changed].filter(({ text }) => text.isWellFormed()).map((document, i) => ({ id: String(i), ...document }));
}
