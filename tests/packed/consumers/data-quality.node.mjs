import { mkdir, writeFile } from 'node:fs/promises';
import { documentationFiles, readDocuments } from '@llm/data-quality/node';
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
