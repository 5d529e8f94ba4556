import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { GgufError } from '../gguf/errors.ts';
import { writeGguf } from '../gguf/write.ts';
import { readGgufFile, writeGgufFile } from './gguf-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'llm-gguf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

test('a header longer than the first piece is read, and tensors one by one', async () => {
  const tokens = Array.from({ length: 20_000 }, (_, i) => `token ${i}`);
  const keys = { 'tokenizer.ggml.tokens': { type: 'array', of: 'string', value: tokens } } as const;
  const tensors = [['a', { type: 'F32', shape: [2], data: new Uint8Array(8).fill(1) }], ['b', { type: 'Q8_0', shape: [32], data: new Uint8Array(34).fill(2) }]] as const;
  await writeGgufFile(at('long.gguf'), keys, tensors.map(([name, { data, ...rest }]) => [name, { ...rest, data: () => data }] as const));
  expect(readFileSync(at('long.gguf')).equals(writeGguf(keys, tensors))).toBe(true);
  const file = await readGgufFile(at('long.gguf'));
  expect(file.metadata.get('tokenizer.ggml.tokens')).toEqual(keys['tokenizer.ggml.tokens']);
  expect(await file.read('b')).toEqual(tensors[1]![1]);
  await expect(file.read('c')).rejects.toThrow(expect.objectContaining({ code: 'E_NO_TENSOR' }));
  await file.close();
});

test('what is no GGUF file is refused by name, and a failed write leaves the old file', async () => {
  writeFileSync(at('other.gguf'), 'safetensors?');
  await expect(readGgufFile(at('other.gguf'))).rejects.toThrow(expect.objectContaining({ code: 'E_MAGIC', message: expect.stringContaining('other.gguf') }));
  await expect(readGgufFile(at('missing.gguf'))).rejects.toThrow(expect.objectContaining({ code: 'E_NOT_FOUND' }));
  await expect(readGgufFile(folder)).rejects.toThrow(expect.objectContaining({ code: 'E_NOT_A_FILE' }));
  const broken = writeGgufFile(at('other.gguf'), {}, [['w', { type: 'F32', shape: [1], data: () => { throw new Error('no value'); } }]]);
  await expect(broken).rejects.toThrow('no value');
  expect(readFileSync(at('other.gguf'), 'utf8')).toBe('safetensors?');
  expect(new GgufError('E_MAGIC', 'x').name).toBe('GgufError');
});
