import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGgufFile } from '@llm/tensor/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo, tinyText } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

let cwd: string;
const llm = async (argv: readonly string[], lines: readonly string[] = []): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd, { lines });
  const code = await runCli(argv, { commands, version: '0', io });
  return { code, ...io.written };
};
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'export-'));
  const base = await writeTinyModel(cwd);
  const path = join(base, 'tokenizer_config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), chat_template: '{% for message in messages %}{{ message.content }}:{% endfor %}' }));
  writeFileSync(join(cwd, 'text.txt'), tinyText(40));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('a GGUF file is written and checked, and answers as the model does', async () => {
  const { code, out, err } = await llm(['export', 'gguf', 'base', '--type', 'F16']);
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out).toMatch(/^type +tensors +values +bits each +size\nF16 /);
  expect(out).toMatch(/base-f16\.gguf: .*KiB, \d\d\.\d\d bits for each of 7,152 values, in/);
  expect(out).toContain('the likeliest token is the same for 100.0 %');
  const generated = await Promise.all(['base', 'base-f16.gguf'].map((model) => llm(['generate', model, '--prompt', 'The reader ', '--temperature', '0', '--max-tokens', '12'])));
  expect(generated.map((each) => each.code)).toEqual([0, 0]);
  expect(generated[1]!.out).toBe(generated[0]!.out);
  // The conversation's template came along.
  const chat = await llm(['chat', 'base-f16.gguf', '--max-tokens', '3'], ['Hello']);
  expect([chat.code, chat.err]).toEqual([0, expect.stringContaining('Each line is your turn')]);
});

test('as JSON: sizes of each kind and the comparison; importance is measured on a text, and changes the file', async () => {
  const run = async (...flags: string[]): Promise<Record<string, unknown>> => {
    const { code, out, err } = await llm(['export', 'gguf', 'base', '--type', 'q4_0', '--json', ...flags]);
    expect([code, err]).toEqual([0, '']);
    return JSON.parse(out) as Record<string, unknown>;
  };
  const plain = await run('--out', 'plain.gguf');
  const weighted = await run('--out', 'weighted.gguf', '--imatrix', 'text.txt', '--imatrix-tokens', '200');
  expect(plain).toMatchObject({ format: 'gguf', type: 'q4_0', out: join(cwd, 'plain.gguf'), check: { sameTop: expect.any(Number), kld: { mean: expect.any(Number) } } });
  expect((plain.files as { bytes: number }[])[0]!.bytes).toBe(plain.bytes);
  expect((plain.kinds as { type: string }[]).map(({ type }) => type)).toContain('F32');
  expect(weighted).toMatchObject({ check: { tokens: expect.any(Number) } });
  const file = await readGgufFile(join(cwd, 'weighted.gguf'));
  expect(file.metadata.get('general.name')).toBe('base');
  await file.close();
  expect(readFileSync(join(cwd, 'plain.gguf')).equals(readFileSync(join(cwd, 'weighted.gguf')))).toBe(false);
});

test('a GGUF file becomes a Hugging Face folder again', async () => {
  expect((await llm(['export', 'gguf', 'base', '--type', 'f32', '--out', 'again.gguf'])).code).toBe(0);
  const { code, out } = await llm(['export', 'hf', 'again.gguf']);
  expect(code).toBe(0);
  expect(out).toContain('again-hf');
  expect(readdirSync(join(cwd, 'again-hf')).sort()).toEqual(['config.json', 'generation_config.json', 'model.safetensors', 'special_tokens_map.json', 'tokenizer.json', 'tokenizer_config.json']);
  expect(readFileSync(join(cwd, 'again-hf/model.safetensors')).equals(readFileSync(join(cwd, 'base/model.safetensors')))).toBe(true);
  const generated = await Promise.all(['base', 'again-hf'].map((model) => llm(['generate', model, '--prompt', 'The reader ', '--temperature', '0', '--max-tokens', '12'])));
  expect(generated[1]!.out).toBe(generated[0]!.out);
});

test.each<[string, readonly string[], number, string]>([
  ['another format', ['export', 'zip', 'base'], 2, 'expected FORMAT to be one of gguf, hf'],
  ['another type', ['export', 'gguf', 'base', '--type', 'q9'], 2, 'expected --type to be one of q8_0, f32'],
  ['a type of another format', ['export', 'hf', 'base', '--type', 'q8_0'], 2, 'expected --type to be one of f32, bf16, f16'],
  ['importance where it is of no use', ['export', 'hf', 'base', '--imatrix', 'text.txt'], 2, 'of use for gguf'],
  ['no model', ['export', 'gguf', 'nowhere'], 1, 'found nothing at'],
  ['a file that is none', ['generate', 'broken.gguf'], 1, 'expected a file that begins with GGUF'],
])('%s is told', async (_, argv, code, message) => {
  writeFileSync(join(cwd, 'broken.gguf'), 'no such thing');
  const found = await llm(argv);
  expect(found.code).toBe(code);
  expect(found.err).toContain(message);
  expect(existsSync(join(cwd, 'base-hf'))).toBe(false);
});
