import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOnnx } from '@llm/quantize';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { commands } from '../commands/index.ts';
import { writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';

let cwd: string;
const llm = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  return { code: await runCli(argv, { commands, version: '0', io }), ...io.written };
};
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'export-onnx-'));
  const base = await writeTinyModel(cwd);
  const path = join(base, 'tokenizer_config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')) as object, chat_template: '{{ messages }}', padding_side: 'left' }));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('types add up in one folder, with the tokenizer and its settings', async () => {
  const first = await llm('export', 'onnx', 'base');
  expect([first.code, first.err]).toEqual([0, '']);
  expect(first.out).toMatch(/^type +tensors +values +bits each +size\nf32 /);
  expect(first.out).toContain('base-onnx: ');
  const second = await llm('export', 'onnx', 'base', '--type', 'q4', '--json');
  expect([second.code, second.err]).toEqual([0, '']);
  const found = JSON.parse(second.out) as { type: string; kinds: { type: string; tensors: number; values: number; bytes: number }[] };
  const four = found.kinds.find(({ type }) => type === 'q4')!;
  expect(found.type).toBe('q4');
  // Seven matrices and the head; half a byte for each value, and four for each block of at most 32.
  expect(four.tensors).toBe(8);
  expect((8 * four.bytes) / four.values).toBeGreaterThanOrEqual(5);
  expect(readdirSync(join(cwd, 'base-onnx')).sort()).toEqual(['config.json', 'generation_config.json', 'onnx', 'tokenizer.json', 'tokenizer_config.json']);
  expect(readdirSync(join(cwd, 'base-onnx/onnx')).sort()).toEqual(['model.onnx', 'model_q4.onnx']);
  expect(JSON.parse(readFileSync(join(cwd, 'base-onnx/tokenizer_config.json'), 'utf8'))).toMatchObject({ chat_template: '{{ messages }}', padding_side: 'left' });
  expect(readFileSync(join(cwd, 'base-onnx/tokenizer.json'), 'utf8')).toBe(readFileSync(join(cwd, 'base/tokenizer.json'), 'utf8'));
});

test.each(['fp16', 'q8', 'int8', 'q4f16', 'qdq'])('%s', async (type) => {
  const { code, err } = await llm('export', 'onnx', 'base', '--type', type, '--out', 'all');
  expect([code, err]).toEqual([0, '']);
  const suffix = type === 'q8' ? 'quantized' : type;
  expect(readOnnx(readFileSync(join(cwd, `all/onnx/model_${suffix}.onnx`))).metadata['dtype']).toBe(type);
});
