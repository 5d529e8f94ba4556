import { mkdir, writeFile } from 'node:fs/promises';
import { documentationFiles, readDocuments, unzstd, writeDocuments } from '@llm/data-quality/node';
import { expect } from '../expect.mjs';

// The current folder is empty but for the project of this test, and goes when it ends.
await mkdir('documents/node_modules/some', { recursive: true });
await writeFile('documents/node_modules/some/README.md', '# Title\n');
await writeFile('documents/a.md', '# Title\n');
const documents = [];
for await (const document of readDocuments(['documents/a.md'])) documents.push(document);
expect(documents.length === 1 && documents[0].text.includes('Title'), 'the one document');
const files = [];
for await (const file of documentationFiles('documents')) files.push(file);
expect(files.length === 1 && files[0].endsWith('README.md'), `the one file of documentation but found ${files}`);

const { documents: count } = await writeDocuments('documents/b.jsonl.gz', documents);
const back = [];
for await (const document of readDocuments(['documents/*.jsonl.gz'])) back.push(document);
expect(count === 1 && back[0].text === documents[0].text, 'the document written and read back by a pattern');
try {
  // A frame of one raw block that holds the letter a.
  for await (const chunk of unzstd([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 9, 0, 0, 97)])) expect(chunk[0] === 97, 'the letter');
} catch (error) {
  expect(error.code === 'E_ZSTD_UNSUPPORTED', `a Node without zstd but found ${error}`);
}

import { isWithin, readHubDataset, readTokenShards, writeTokenShards } from '@llm/data-quality/node';

await writeDocuments('documents/c.parquet', documents);
expect(isWithin('documents/shards', 'documents') && !isWithin('documents', 'documents/shards'), 'the one folder in the other');
const { shards } = await writeTokenShards('documents/shards', readDocuments(['documents/c.parquet']), { encode: (text) => [...text].map((char) => char.charCodeAt(0)), vocabSize: 128 });
const shard = [];
for await (const ids of readTokenShards(shards.map(({ file }) => file))) shard.push(String.fromCharCode(...ids));
expect(shard.join() === documents[0].text, 'the text by way of Parquet and a shard of tokens');
try {
  for await (const _ of readHubDataset('some/set', { hubUrl: 'http://127.0.0.1:9', retries: 0 }));
  expect(false, 'no server to be there');
} catch (error) {
  expect(error.code === 'E_HUB', `no connection but found ${error}`);
}

import { exactAcross, filter, finewebRecipe, gopherQuality } from '@llm/data-quality';
import { runShards, stagesOf } from '@llm/data-quality/node';

expect(stagesOf(finewebRecipe()).length === 3, 'two passes and a barrier');
await writeFile('documents/d.jsonl', ['one and the same', 'short', 'one and the same'].map((text) => `${JSON.stringify({ text })}\n`).join(''));
const mine = { name: 'mine', make: () => [filter(gopherQuality({ minDocWords: 3, minStopWords: 0, minAvgWordLength: 1 })), exactAcross()] };
const { result } = await runShards(['documents/d.jsonl'], { out: 'shards', recipe: mine, shardBytes: 20 });
expect(result?.manifest.documents.in === 3 && result.manifest.documents.out === 1, `one of three documents but found ${JSON.stringify(result?.manifest.documents)}`);
// In processes of their own.
const recipe = { module: import.meta.resolve('@llm/data-quality/shards/fineweb-recipe'), name: 'finewebRecipe', options: { fastMinhash: true } };
const web = await runShards(['documents/d.jsonl'], { out: 'web', recipe, workers: 1 });
expect(web.failed.length === 0 && web.result?.manifest.documents.in === 3, `a run of FineWeb's recipe but found ${JSON.stringify(web.failed)}`);

import { readJsonRecords, wouldFind } from '@llm/data-quality/node';

const records = [];
for await (const { line, value, error } of readJsonRecords('documents/d.jsonl')) records.push(error === undefined && value.text === 'short' ? line : 0);
expect(records.join() === '0,2,0', `the second of three records but found ${records}`);
expect(await wouldFind('documents', 'documents/e.jsonl') && !(await wouldFind('documents/*.md', 'documents/e.jsonl')), 'a place where the file would be read, and one where it would not');
