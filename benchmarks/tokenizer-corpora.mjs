import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../tools/files-below.mjs';
import { seededRandom } from '../tools/seeded-random.mjs';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = join(HERE, 'node_modules/.pnpm');
const CODE = /\.(ts|mts|js|mjs|cjs)$/;
const HAN = /\p{Script=Han}/gu;

const walked = new Map();

function paths(folder) {
  if (!walked.has(folder)) {
    walked.set(folder, [...filesBelow(folder, /(?<!\.map)$/)].sort());
  }
  return walked.get(folder);
}

/** The texts of the files under a folder whose names match, in an order that does not go by package. */
function* texts(folder, name, { least, most }) {
  const found = paths(folder).filter((path) => name.test(path));
  const random = seededRandom(1);
  for (let i = found.length - 1; i >= 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [found[i], found[j]] = [found[j], found[i]];
    const { size } = statSync(found[i]);
    if (size >= least && size <= most) yield readFileSync(found[i], 'utf8');
  }
}

/** Texts until there are so many bytes, none twice. */
function gather(all, bytes) {
  const seen = new Set();
  let total = 0;
  for (const text of all) {
    // A file whose lines are longer than a person writes was made by a machine.
    if (seen.has(text) || text.includes('\ufffd') || text.length / (text.split('\n').length + 1) > 400) continue;
    seen.add(text);
    total += Buffer.byteLength(text);
    if (total >= bytes) break;
  }
  return [...seen];
}

const isChinese = (text) => (text.match(HAN)?.length ?? 0) * 50 > text.length;

function* english() {
  for (const text of texts(PACKAGES, /\.(md|markdown)$/i, { least: 500, most: 500_000 })) if (!isChinese(text)) yield text;
  // There are some 4 MB of these; the comments of code are prose as well.
  for (const file of texts(PACKAGES, CODE, { least: 1000, most: 2_000_000 })) {
    const comments = file.match(/\/\*\*[^]*?\*\//g) ?? [];
    const text = comments.map((comment) => comment.replace(/^\s*\/?\*+\/?\s?|\s*\*\/$/gm, '').trim()).filter((each) => each.length > 60).join('\n\n');
    if (text.length > 500 && !isChinese(text)) yield text;
  }
}

/** Sentences of the Chinese that is at hand: our own documents, and what the compiler of TypeScript says. */
function chineseSeed() {
  const own = [HERE, ...['docs', 'packages', 'recipes'].map((name) => join(HERE, name))].flatMap((folder) => readdirSync(folder, { recursive: folder !== HERE }).map(String).filter((name) => /zh[-_]?(CN)?[^/]*\.md$/i.test(name) && !name.includes('node_modules')).map((name) => join(folder, name)));
  const compiler = readdirSync(PACKAGES).filter((name) => /^typescript@\d/.test(name)).map((name) => join(PACKAGES, name, 'node_modules/typescript/lib/zh-cn/diagnosticMessages.generated.json'));
  const lines = [...own, ...compiler].flatMap((file) => {
    try {
      const text = readFileSync(file, 'utf8');
      return file.endsWith('.json') ? Object.values(JSON.parse(text)) : text.split('\n');
    } catch {
      return [];
    }
  });
  return [...new Set(lines)].filter((text) => (text.match(HAN)?.length ?? 0) > 4);
}

/**
 * Chinese of any length: a chain that looks two characters back, drawn from the sentences at hand. Sentences put in another order would repeat
 * whole clauses, which an encoder that remembers would have for nothing; here clauses are new.
 */
function chinese(bytes) {
  const seed = chineseSeed();
  const next = new Map();
  for (const sentence of seed) {
    const characters = [...`\n\n${sentence}\n`];
    for (let i = 2; i < characters.length; i++) {
      const key = characters[i - 2] + characters[i - 1];
      const list = next.get(key);
      if (list) list.push(characters[i]);
      else next.set(key, [characters[i]]);
    }
  }
  const random = seededRandom(2);
  const documents = [];
  for (let total = 0; total < bytes; total += Buffer.byteLength(documents.at(-1))) {
    let text = '';
    let [a, b] = ['\n', '\n'];
    while (text.length < 3000) {
      const choices = next.get(a + b) ?? next.get('\n\n');
      const c = choices[Math.floor(random() * choices.length)];
      text += c;
      [a, b] = c === '\n' ? ['\n', '\n'] : [b, c];
    }
    documents.push(text.trim());
  }
  return { documents, source: `a chain of characters over ${(seed.join('').length / 1000).toFixed(0)} thousand characters of Chinese` };
}

/** A file or the text files of a folder that the caller names instead, forty lines at a time. */
function textsAt(path, bytes) {
  const all = statSync(path).isDirectory() ? texts(path, /./, { least: 1, most: 1e9 }) : [readFileSync(path, 'utf8')];
  const documents = [];
  let total = 0;
  for (const text of all) {
    for (const document of text.match(/(?:.*\n){1,40}|.+$/g) ?? []) {
      if (total >= bytes) break;
      documents.push(document);
      total += Buffer.byteLength(document);
    }
  }
  return { documents, source: 'the texts given' };
}

/** Documents of English, Chinese and code, about `bytes` of each, and what they are. */
export function corpora(bytes, given = {}) {
  const make = {
    English: () => ({ documents: gather(english(), bytes), source: 'Markdown and comments of the packages installed here' }),
    Chinese: () => chinese(bytes),
    code: () => ({ documents: gather(texts(PACKAGES, CODE, { least: 1000, most: 200_000 }), bytes), source: 'JavaScript and TypeScript of the packages installed here' }),
  };
  return Object.fromEntries(Object.entries(make).map(([name, of]) => {
    const path = given[name.toLowerCase()];
    return [name, path === undefined ? of() : textsAt(path, bytes)];
  }));
}
