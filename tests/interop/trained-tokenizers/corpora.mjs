// The corpora that ../trained-tokenizers.mjs trains on, made from the packages installed here:
//   English: their Markdown, where at least 99 % of the characters are ASCII.
//   code: their JavaScript and TypeScript, written by hand or nearly so.
//   Chinese: the messages of the TypeScript compiler in both scripts, continued by a chain over three characters that has learnt from them, since
//   there is not enough Chinese at hand; characters of GB 18030 stand in between, the first ones most often, as rare characters do.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../../../tools/files-below.mjs';
import { seededRandom } from '../tokenizers/seeded-random.mjs';

const store = fileURLToPath(new URL('../../../node_modules/.pnpm/', import.meta.url));
const MOST_OF_A_FILE = 60_000;
const MOST_OF_A_PACKAGE = 120_000;
const RARE = 2000;

/** The documents of each corpus, of about so many bytes of UTF-8. */
export function corpora(bytes) {
  return {
    English: [...files(/\.(md|markdown)$/i, bytes, (text) => text.replace(/[\0-\x7f]/g, '').length < text.length / 100)],
    Chinese: [...chinese(bytes)],
    code: [...files(/\.([cm]?js|tsx?)$/, bytes, (text) => text.length / text.split('\n').length < 60)],
  };
}

/** Texts of the packages by name, each once, until there are enough. */
function* files(name, bytes, fits) {
  const seen = new Set();
  let size = 0;
  for (const folder of readdirSync(store).filter((each) => each.includes('@')).sort()) {
    let of = 0;
    for (const path of filesBelow(join(store, folder), name)) {
      if (statSync(path).size > MOST_OF_A_FILE) continue;
      const text = readFileSync(path, 'utf8');
      if (text.length < 200 || text.includes('\ufffd') || seen.has(text) || !fits(text)) continue;
      seen.add(text);
      of += text.length;
      size += Buffer.byteLength(text);
      yield text;
      if (size >= bytes) return;
      if (of >= MOST_OF_A_PACKAGE) break;
    }
  }
}

function* chinese(bytes) {
  const folder = readdirSync(store).filter((each) => each.startsWith('typescript@5')).sort()[0];
  const messages = ['zh-cn', 'zh-tw'].flatMap((language) => Object.values(JSON.parse(readFileSync(join(store, folder, `node_modules/typescript/lib/${language}/diagnosticMessages.generated.json`), 'utf8'))));
  const rare = rareCharacters();
  const random = seededRandom(7);
  const follow = new Map();
  for (const message of messages) {
    const chars = ['', '', ...message, '\n'];
    for (let i = 2; i < chars.length; i++) {
      const key = chars[i - 2] + chars[i - 1];
      if (!follow.has(key)) follow.set(key, []);
      follow.get(key).push(chars[i]);
    }
  }
  let size = 0;
  for (let i = 0; size < bytes; i++) {
    let text = messages[i] ?? '';
    while (i >= messages.length && text.length < 400) {
      let [before, last] = ['', ''];
      for (let count = 0; count < 200; count++) {
        const next = follow.get(before + last);
        const char = next[Math.floor(random() * next.length)];
        if (char === '\n') break;
        text += char;
        if (random() < 0.01) text += rare[Math.floor(rare.length * random() ** 3)];
        [before, last] = [last, char];
      }
      text += random() < 0.2 ? '\n' : text.endsWith('。') ? '' : '。';
    }
    size += Buffer.byteLength(text);
    yield text;
  }
}

function rareCharacters() {
  const from = createRequire(realpathSync(join(store, readdirSync(store).filter((each) => each.startsWith('iconv-lite@')).sort()[0], 'node_modules/iconv-lite/package.json')));
  const table = JSON.parse(readFileSync(join(dirname(from.resolve('iconv-lite/package.json')), 'encodings/tables/cp936.json'), 'utf8'));
  return Array.from(table.flat().filter((each) => typeof each === 'string').join('')).filter((char) => /\p{Script=Han}/u.test(char)).slice(0, RARE);
}
