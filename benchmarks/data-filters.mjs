import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../tools/files-below.mjs';
import { ONE_THREAD, pythonPeer } from './python-peer.mjs';

const HALF = 1_500_000;

/** A paragraph of sentences: no list, table, code or bare addresses. */
const isProse = (paragraph) => /^[A-Z][^{}|<>]{80,}[.!?]\s*$/.test(paragraph) && !/```|https?:/.test(paragraph);

/** The paragraphs of a file, or of the comments in code. */
function paragraphsOf(path) {
  const text = readFileSync(path, 'utf8').slice(0, 400_000);
  if (/\.md$/i.test(path)) return text.split(/(?<=\n\n)/);
  return [...text.matchAll(/\/\*\*([^]*?)\*\//g)].flatMap(([, comment]) => comment.replace(/^[ \t]*\*? ?/gm, '').split(/\n\s*\n|\n(?=@)/)).map((paragraph) => `${paragraph.trim()}\n\n`);
}

/** Whole paragraphs of installed files, about 4 kB in each document, no paragraph twice, about `bytes` in all. */
function fromFiles(wanted, { bytes, paragraphs = paragraphsOf, keep = () => true }) {
  const texts = [];
  const seen = new Set();
  let total = 0;
  let text = '';
  for (const path of filesBelow(fileURLToPath(new URL('../node_modules/.pnpm', import.meta.url)), wanted)) {
    for (const paragraph of paragraphs(path)) {
      if (seen.has(paragraph) || !keep(paragraph)) continue;
      seen.add(paragraph);
      text += paragraph;
      if (text.length < 4000) continue;
      total += Buffer.byteLength(text);
      texts.push(text);
      text = '';
    }
    if (total >= bytes) break;
  }
  return texts;
}

/** Documents to warm up with, and others to measure with: every second one. */
function corpora() {
  const chinese = readFileSync(new URL('../README.zh-CN.md', import.meta.url), 'utf8').split(/(?<=[。\n])/).filter((line) => /[\u4e00-\u9fff]{4}/.test(line));
  let state = 1;
  const random = (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const kinds = {
    'English prose': fromFiles(/\.(?:md|d\.ts|js)$/i, { bytes: 2 * HALF, keep: isProse }), 'Markdown': fromFiles(/\.md$/i, { bytes: 2 * HALF }), 'code': fromFiles(/\.d\.ts$/, { bytes: HALF, paragraphs: (path) => readFileSync(path, 'utf8').slice(0, 400_000).split(/(?<=\n\n)/) }),
    'Chinese': Array.from({ length: 400 }, () => Array.from({ length: 10 + random(20) }, () => chinese[random(chinese.length)]).join('')),
  };
  return Object.entries(kinds).map(([kind, texts]) => ({ kind, warm: texts.filter((_, i) => i % 2 === 0), timed: texts.filter((_, i) => i % 2 === 1) }));
}

/**
 * Gopher's, C4's and FineWeb's filters on one core: each on every document, and FineWeb's recipe, where what one drops the next does not see.
 * The documents measured with are not those that warmed up, as in a long run; each round is a process of its own, and the least time counts.
 */
export async function dataFilters({ cpu = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'filters-'));
  try {
    const peer = await pythonPeer('data_filters_peer.py', { env: ONE_THREAD });
    const rows = [];
    for (const { kind, warm, timed } of corpora()) {
      const [warmFile, file] = [warm, timed].map((texts, i) => {
        const path = join(folder, `${kind}-${i}.json`);
        writeFileSync(path, JSON.stringify(texts));
        return path;
      });
      const bytes = timed.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      const least = {};
      const note = (name, { seconds, kept }) => { least[name] = { seconds: Math.min(least[name]?.seconds ?? Infinity, seconds), kept }; };
      for (let round = 0; round < 5; round++) {
        for (const task of ['every', 'recipe']) {
          note(task, JSON.parse(execFileSync(process.execPath, [...process.execArgv, fileURLToPath(new URL('data-filters-pass.mjs', import.meta.url)), task, warmFile, file, String(Number(cpu))], { encoding: 'utf8' })));
        }
        if (peer && round < 2) for (const task of ['every', 'recipe']) note(`${task} there`, await peer.ask({ task, file, cpu }));
      }
      for (const [task, name] of [['every', 'each filter on every document'], ['recipe', "FineWeb's recipe"]]) {
        const rate = (of) => bytes / least[of].seconds / 1e6;
        const ratio = peer && rate(task) / rate(`${task} there`);
        if (peer && least[task].kept !== least[`${task} there`].kept) throw new Error(`data-filters: ${least[task].kept} kept here and ${least[`${task} there`].kept} by datatrove of ${kind}.`);
        rows.push({
          name: `Gopher, C4, FineWeb filters, ${kind}, ${name}`, value: `${rate(task).toFixed(1)} MB/s`, figure: rate(task), ...(peer ? { ratio } : {}),
          note: `${peer ? `${ratio.toFixed(1)}× datatrove (${rate(`${task} there`).toFixed(2)} MB/s), ` : 'no datatrove (PYTHON=path of a Python that has it), '}${timed.length} documents, ${(bytes / 1e6).toFixed(1)} MB, ${least[task].kept} kept`,
        });
      }
    }
    peer?.close();
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
