import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { llm } from './command.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faults-text-'));
  mkdirSync(join(folder, 'text'));
  for (let file = 0; file < 3; file++) {
    const sentences = Array.from({ length: 100 }, (_, i) => `The ${['reader', 'writer', 'parser'][i % 3]!} of file ${file} counts line ${i}.${i % 5 === 4 ? '\n\n' : ' '}`);
    writeFileSync(join(folder, 'text', `${file}.md`), sentences.join(''));
  }
  writeFileSync(join(folder, 'empty.md'), '');
  writeFileSync(join(folder, 'short.md'), 'Far too short.');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({
    model_type: 'llama', vocab_size: 1, hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 64,
  }));
  symlinkSync('text', join(folder, 'link'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what cannot be trained on is refused before a device is looked for', () => {
  const PRETRAIN = 'pretrain --filters none --vocab-size 300 --config config.json --steps 2';
  test.each([
    [`${PRETRAIN} --data empty.md`, 'E_EMPTY', 'expected at least one document but found none'],
    [`${PRETRAIN} --data short.md`, 'E_TOO_LITTLE_TEXT', 'expected at least 4,000 characters of text after filtering but found 14'],
    [`${PRETRAIN} --data text --batch 4096`, 'E_TOO_LITTLE_TEXT', 'expected text for at least one step of 4096 × 1 rows of'],
    [`${PRETRAIN} --data text --batch 2 --accumulate 5000`, 'E_TOO_LITTLE_TEXT', 'expected text for at least one step of 2 × 5000 rows of'],
    [`${PRETRAIN} --data text --length 65`, 'E_USAGE', 'expected --length of at most 64, the context of the model, but found 65'],
    [`${PRETRAIN} --data link`, 'E_NOT_A_FILE', 'expected a regular file or a folder but found a symbolic link to text'],
    [`${PRETRAIN} --data /dev/zero`, 'E_NOT_A_FILE', 'expected a regular file or a folder but found a device'],
  ])('llm %s', async (argv, code, message) => {
    const { code: exit, out, err } = await llm(argv, folder);
    expect(exit).not.toBe(0);
    expect(err).toContain(`error: ${code}`);
    expect(err).toContain(message);
    expect(out + err).not.toContain('Device:');
  });
});

test.each([
  'data text --out text/clean.jsonl',
  'data text --out text/0.md',
  'data . --out new/clean.jsonl',
  'data text --out link/clean.jsonl',
  'pretrain --data .',
  'pretrain --data text --runs text/deep/runs',
  'quickstart --data text --runs link',
])('llm %s: nothing is written where the text is read', async (argv) => {
  const before = readdirSync(join(folder, 'text'));
  const { code, err } = await llm(argv, folder);
  expect(code).toBe(1);
  expect(err).toMatch(/E_OUTPUT: llm: expected to write outside of the text that is read but found .* (?:inside|to be) /);
  expect(readdirSync(join(folder, 'text'))).toEqual(before);
});

test('beside it is well, with a name that begins alike too', async () => {
  expect((await llm('data text --filters none --out text-clean.jsonl', folder)).code).toBe(0);
});
