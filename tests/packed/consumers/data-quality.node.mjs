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
