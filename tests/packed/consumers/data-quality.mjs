import {
  codePoints, createLedger, englishWords, exactDedup, filterDocuments, gopherQuality, gopherRepetition, gunzip, normalizeForDedup, readJsonl, readLines,
  readMarkdown, readText, utf8Bytes,
} from '@llm/data-quality';
import { expect } from '../expect.mjs';

const streamOf = (text) => new Blob([text]).stream();
async function collect(values) {
  const list = [];
  for await (const value of values) list.push(value);
  return list;
}

const lines = await collect(readLines(gunzip(streamOf('one\ntwo\n').pipeThrough(new CompressionStream('gzip')))));
expect(lines.join() === 'one,two', `one,two but found ${lines}`);
const [row] = await collect(readJsonl(streamOf('{"text":"hello"}\n'), { source: 'a.jsonl' }));
expect(row.text === 'hello', 'a document of the JSON line');
const [text] = await collect(readText(streamOf('Hello.\r\n'), { id: 'a' }));
expect(text.text === 'Hello.\n', 'a document of plain text');
const [markdown] = await collect(readMarkdown(streamOf('# Title\n')));
expect(markdown.text.includes('Title'), 'a document of Markdown');

const ledger = createLedger();
const documents = [{ id: 'a', text: 'Too short.' }, { id: 'b', text: 'Too short.' }];
const kept = await collect(filterDocuments(documents, [exactDedup(), gopherRepetition(), gopherQuality()], { ledger }));
expect(kept.length === 0, 'both documents to be dropped');
expect(ledger.toJSON().dropped.length > 0, 'the ledger to say why');
expect(normalizeForDedup('a  b') === normalizeForDedup('a b'), 'white space not to matter');
expect(englishWords("Don't panic.").length > 0, 'words');
expect(codePoints('😀') === 1 && utf8Bytes('😀') === 4, 'one code point in four bytes');
