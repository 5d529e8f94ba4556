import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
const json = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(cwd, name), 'utf8')) as Record<string, unknown>;
const last = (out: string): Record<string, unknown> => JSON.parse(out.trim().split('\n').at(-1)!) as Record<string, unknown>;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'quantize-'));
  const base = await writeTinyModel(cwd);
  const path = join(base, 'tokenizer_config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), chat_template: '{% for message in messages %}{{ message.content }}:{% endfor %}' }));
  writeFileSync(join(cwd, 'text.txt'), tinyText(60));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe('llm quantize', () => {
  test('without data: by hqq, measured on the model\'s own words, opened by llm chat', async () => {
    const { code, out, err } = await llm(['quantize', 'base', '--bits', '8', '--out', 'small']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/perplexity +[\d.]+ +[\d.]+\nsize in memory +[\d.]+ KiB +[\d.]+ KiB\ntokens a second/);
    expect(out).toMatch(/KL divergence .* nats a token .*, same likeliest token (?:9\d\.\d\d|100\.00) %/);
    expect(out).toContain('model.layers.0 alone costs most');
    expect(out).toMatch(/small: hqq-8bit as compressed-tensors, quantized in .*, opened again and the same\nReport: small\/report\.html\n\nNext:\n {2}.*chat small/);
    expect(json('small/config.json')['quantization_config']).toMatchObject({ quant_method: 'compressed-tensors', format: 'pack-quantized', ignore: ['lm_head'] });
    expect(json('small/quality.json')).toMatchObject({ settings: { method: 'hqq', bits: 8 }, divergence: { kld: { mean: expect.any(Number) } } });
    const page = readFileSync(join(cwd, 'small/report.html'), 'utf8');
    for (const part of ['Mean KLD', 'Same top p', 'Which part hurts most', 'model.layers.0.mlp.up_proj.weight']) expect(page).toContain(part);
    expect(page).not.toMatch(/<script|https?:/);
    const chat = await llm(['chat', 'small', '--max-tokens', '3'], ['Hello']);
    expect([chat.code, chat.err]).toEqual([0, expect.stringContaining('Each line is your turn')]);
  });

  test.each([['gptq', 'gptq'], ['awq', 'awq']])('%s calibrates on a text and is stored as its authors do; as JSON', async (method, format) => {
    const { code, out } = await llm(['quantize', 'base', '--method', method, '--group', '16', '--data', 'text.txt', '--decode-tokens', '0', '--json']);
    expect(code).toBe(0);
    const result = last(out);
    expect(result).toMatchObject({
      type: 'result', method, bits: 4, groupSize: 16, format, out: join(cwd, `base-${method}-4bit`), skipped: [], perplexity: expect.any(Number), before: { perplexity: expect.any(Number) }, flips: expect.any(Number),
      size_reduction: expect.any(Number),
    });
    expect(result).not.toHaveProperty('speed_up');
    expect(result['calibrationTokens']).toBeGreaterThan(200);
    expect(out.trim().split('\n').filter((line) => line.includes('"type":"step"'))).toHaveLength(7);
    expect(json(`base-${method}-4bit/config.json`)['quantization_config']).toMatchObject({ quant_method: method, bits: 4, group_size: 16 });
    // The folder is a model like others.
    const again = await llm(['eval', `base-${method}-4bit`, '--data', 'text.txt', '--json']);
    expect([again.code, last(again.out)['perplexity']]).toEqual([0, expect.any(Number)]);
  });

  test('rows of one group each are written as such, nf4 as bitsandbytes does', async () => {
    const { code, out } = await llm(['quantize', 'base', '--method', 'gptq', '--data', 'text.txt', '--no-sensitivity', '--decode-tokens', '0', '--json', '--out', 'mixed']);
    expect(code).toBe(0);
    // Rows of 16 and of 32, each one group: GPTQ's files say -1 for that.
    expect(last(out)).toMatchObject({ format: 'gptq' });
    expect(json('mixed/config.json')['quantization_config']).toMatchObject({ group_size: -1 });
    const nf4 = await llm(['quantize', 'base', '--method', 'nf4', '--no-sensitivity', '--decode-tokens', '0', '--json', '--out', 'nf4']);
    expect([nf4.code, last(nf4.out)['format']]).toEqual([0, 'bitsandbytes']);
  });

  test('what cannot be is told before anything is opened, and how to go on', async () => {
    const told = async (...flags: string[]): Promise<string> => {
      const { code, err } = await llm(['quantize', 'base', ...flags]);
      expect(code).toBeGreaterThan(0);
      return err;
    };
    expect(await told('--method', 'gptq')).toContain('expected --data for gptq but found none');
    expect(await told('--method', 'nf4', '--bits', '3')).toContain('expected --bits 4 for nf4 but found 3');
    expect(await told('--bits', '9')).toContain('expected --bits to be a whole number from 2 to 8 but found "9"');
    expect(await told('--method', 'best')).toContain('expected --method to be one of rtn, hqq, gptq, awq, nf4');
    expect(await told('--out', 'base')).toContain('expected --out to be another folder than the model itself');
    expect(await told('--method', 'rtn', '--bits', '5', '--format', 'gptq')).toContain('expected 2, 3, 4 or 8 bits');
    expect(await told('--data', 'nothing.txt')).toContain('nothing.txt');
    expect(existsSync(join(cwd, 'base-hqq-4bit'))).toBe(false);
  });
});

describe('llm prune', () => {
  test('weights by Wanda in a pattern, as a plain folder', async () => {
    const { code, out, err } = await llm(['prune', 'base', '--data', 'text.txt', '--pattern', '2:4', '--decode-tokens', '0', '--out', 'sparse']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/sparse: .* parameters of .*, zeros among them, pruned in .*, opened again and the same/);
    expect(json('sparse/quality.json')).toMatchObject({ settings: { method: 'wanda', pattern: '2:4' } });
  });

  test('heads and places leave a smaller model with its own configuration', async () => {
    const { code, out } = await llm(['prune', 'base', '--data', 'text.txt', '--mlp-width', '16', '--decode-tokens', '0', '--json']);
    expect(code).toBe(0);
    expect(last(out)).toMatchObject({ type: 'result', method: 'structure', mlpWidth: 16, out: join(cwd, 'base-small') });
    expect(json('base-small/config.json')).toMatchObject({ intermediate_size: 16, hidden_size: 16 });
    expect((await llm(['generate', 'base-small', '--prompt', 'The', '--max-tokens', '2'])).code).toBe(0);
  });

  test('what cannot be is told', async () => {
    expect((await llm(['prune', 'base', '--method', 'sparsegpt'])).err).toContain('expected --data for sparsegpt but found none');
    expect((await llm(['prune', 'base', '--method', 'structure', '--data', 'text.txt'])).err).toContain('expected --heads, --mlp-width or --layers with --method structure');
    expect((await llm(['prune', 'base', '--heads', '3', '--data', 'text.txt'])).err).toContain('expected heads from 2 to 2');
    expect((await llm(['prune', 'base', '--pattern', '4:2'])).err).toContain('expected a pattern of fewer zeros than places');
  });
});
