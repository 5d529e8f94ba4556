import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../cli/run-cli.ts';
import { conversations, preferences, writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo, TINY_CONFIG, writeTinyText } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

const EVIL = '<script>alert(1)</script>[x](javascript:alert(1))\u001b[31m`|';
const CANARY = 'canary-4f1b9c77d2e05a38';

let cwd: string;
const llm = async (argv: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd, { env });
  const code = await runCli(argv, { commands, version: '0', io });
  return { code, ...io.written };
};
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'card-'));
  await writeTinyModel(cwd);
  writeTinyText(cwd);
  // What is dropped is shown by its beginning, so that hostile text comes into reports.
  writeFileSync(join(cwd, 'text', 'evil.md'), EVIL);
  writeRecords(cwd, `talks${'<b>'}.jsonl`, conversations);
  writeRecords(cwd, 'pairs.jsonl', preferences);
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ ...TINY_CONFIG, max_position_embeddings: 192 }));
  writeFileSync(join(cwd, 'evil.mjs'), `export default () => ({ ${JSON.stringify(EVIL)}: 1 });`);
  const sft = { model: '${base}', 'eval-share': 0.2, 'max-length': 48, steps: 2, batch: 4, lr: 1e-3, 'eval-answers': 2 };
  const recipe = (lr: number): unknown => ({
    lifecycle: 'life', description: EVIL, values: { note: `hf_${CANARY}` },
    steps: {
      base: { run: 'pretrain', with: { data: ['text'], filters: 'none', config: 'config.json', 'vocab-size': 300, steps: 2, batch: 2, length: 16 }, gate: [{ metric: 'perplexity', below: 1e6 }] },
      sft: { run: 'sft', with: { ...sft, lr, data: ['talks<b>.jsonl'] }, gate: [{ metric: 'val/loss', below: 1e6 }] },
      probe: { run: './evil.mjs', with: { model: '${sft}', note: '${note}' } },
    },
  });
  vi.stubEnv('LLM_TEST_SECRET', CANARY);
  for (const [name, lr] of [['life', 1e-3], ['other', 2e-3]] as const) {
    writeFileSync(join(cwd, `${name}.yaml`), JSON.stringify(recipe(lr)));
    const { code, err } = await llm(['run', `${name}.yaml`, '--name', name, '--device', 'wasm', '--json']);
    if (code !== 0) throw new Error(err);
  }
}, 60_000);
afterEach(() => { vi.unstubAllEnvs(); });
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

/** Markdown outside of code blocks. */
const prose = (card: string): string => card.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '');

describe('llm card', () => {
  test('of a life: its last model, with front matter, data, recipe, figures, gates, limits, hashes and the command', async () => {
    const { code, out, err } = await llm(['card', 'life', '--license', 'apache-2.0', '--language', 'en']);
    expect([code, err, out]).toEqual([0, '', 'Wrote runs/life/sft/README.md\n']);
    const card = readFileSync(join(cwd, 'runs/life/sft/README.md'), 'utf8');
    const [, front] = /^---\n([\s\S]*?)---\n/.exec(card)!;
    expect(parse(front!)).toMatchObject({
      license: 'apache-2.0', language: ['en'], library_name: 'transformers', pipeline_tag: 'text-generation', tags: ['llm', 'pretrain', 'sft', 'llama'],
      'model-index': [{ name: 'life', results: [{ task: { type: 'text-generation' }, metrics: [{ type: 'loss', name: 'val/loss' }, { type: 'accuracy' }, { type: 'exact_match' }] }] }],
    });
    for (const heading of ['## Data', '## How it was made', '### Recipe', '## Evaluation', '## Limits', '## Hashes', '## Make it again']) expect(card).toContain(`\n${heading}\n`);
    expect(card).toContain('made in 2 stages: pretrain → sft');
    expect(card).toContain('llm run life.yaml --name life');
    const record = JSON.parse(readFileSync(join(cwd, 'runs/life/sft.json'), 'utf8')) as { result: { outputs: Record<string, string> } };
    expect(card).toContain(`| model.safetensors | ${record.result.outputs['model.safetensors']!} |`);
    expect(card).toMatch(/\| base \| passed \| perplexity [\d.]+, as wanted &lt; 1000000/);
    // The card is no part of what the step made.
    expect((await llm(['run', 'life.yaml', '--name', 'life', '--device', 'wasm', '--json'])).out).toContain('"step":"sft","kept":true');
    expect((await llm(['card', 'life'])).code).toBe(0);
  });

  test('of a run: as much as is known of it; a README of somebody else is left alone', async () => {
    expect((await llm(['card', 'runs/life/base', '--out', 'base.md', '--name', EVIL])).code).toBe(0);
    const card = readFileSync(join(cwd, 'base.md'), 'utf8');
    expect(card).toContain('It was not taught to answer: it continues text.');
    expect(card).toContain('4 documents of');
    writeFileSync(join(cwd, 'mine.md'), 'mine');
    expect((await llm(['card', 'runs/life/base', '--out', 'mine.md'])).err).toContain('expected no other mine.md but found one');
    expect((await llm(['card', 'base'])).err).toContain('E_NOT_FOUND');
  });

  test('markup, links and escapes of names and data are text, in the card, the comparison and the report', async () => {
    await llm(['card', 'runs/life/sft', '--name', EVIL, '--out', 'evil.md']);
    await llm(['compare', 'life', 'other', '--html', 'compare.html']);
    const card = prose(readFileSync(join(cwd, 'evil.md'), 'utf8'));
    expect(card.replace(/<!-- written by llm card -->|<\/?(?:details|summary)>/g, '').replace(/^---\n[\s\S]*?---\n/, '')).not.toContain('<');
    expect(card.replace(/^---\n[\s\S]*?---\n/, '')).not.toMatch(/[^\\]\]\(/);
    for (const file of ['evil.md', 'compare.html', 'runs/life/report.html', 'runs/life/sft/report.html', 'runs/life/base/report.html']) {
      const text = readFileSync(join(cwd, file), 'utf8');
      // eslint-disable-next-line no-control-regex -- the escape character must not come through
      expect(text, file).not.toMatch(/\u001b/);
      if (!file.endsWith('.html')) continue;
      expect(text, file).not.toContain('<script');
      expect(text, file).not.toMatch(/href="?javascript:/);
      expect(text, file).toContain("default-src 'none'");
    }
    expect(readFileSync(join(cwd, 'runs/life/report.html'), 'utf8')).toContain('&lt;script&gt;');
  });

  test('no secret of the environment, of a flag or of data is in anything that is written', () => {
    const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]));
    const written = files(join(cwd, 'runs')).filter((path) => statSync(path).size < 1e6);
    expect(written.length).toBeGreaterThan(20);
    for (const path of written) expect(readFileSync(path, 'latin1').includes(CANARY), path).toBe(false);
    expect(existsSync(join(cwd, 'runs/life/life.json'))).toBe(true);
  });
});

describe('llm compare', () => {
  test('what was set otherwise, what differs in the making, and figures side by side', async () => {
    const { code, out } = await llm(['compare', 'runs/life/sft', 'runs/other/sft']);
    expect(code).toBe(0);
    expect(out).toMatch(/Settings that differ\n +runs\/life\/sft +runs\/other\/sft\nmodel +runs\/life\/base +runs\/other\/base\nlr +0\.001 +0\.002\n/);
    expect(out).toMatch(/val\/loss +[\d.]+ +[\d.]+ +[+-]?[\d.e-]+/);
    const whole = JSON.parse((await llm(['compare', 'life', 'other', '--json'])).out) as { settings: { name: string }[]; figures: { name: string }[]; inputs: unknown[] };
    expect(whole.settings.map(({ name }) => name)).toEqual(['steps.sft.with.lr']);
    expect(whole.figures.map(({ name }) => name)).toContain('sft: val/loss');
    expect(whole.inputs).toEqual([]);
  });

  test('with the items of both, what a difference means', async () => {
    const results = (folder: string, right: (i: number) => boolean): void => {
      mkdirSync(join(cwd, folder, 'model'), { recursive: true });
      writeFileSync(join(cwd, folder, 'results.json'), JSON.stringify({ results: { sums: { 'acc,none': 0.5, alias: 'sums' } }, 'n-shot': { sums: 0 }, date: 1 }));
      // The newer of two, whatever the older says.
      for (const [date, flip] of [['2024-01-01T00-00-00.000', true], ['2025-01-01T00-00-00.000', false]] as const) {
        writeRecords(join(cwd, folder, 'model'), `samples_sums_${date}.jsonl`, Array.from({ length: 40 }, (_, i) => ({ doc_id: i, doc_hash: `d${i}`, filter: 'none', metrics: ['acc'], acc: Number(right(i) !== flip) })));
      }
    };
    results('one', (i) => i < 20);
    results('two', (i) => i < 30 && i !== 3);
    const found = JSON.parse((await llm(['compare', 'one', 'two', '--json'])).out) as { significance: Record<string, unknown>[]; figures: { name: string }[] };
    // Ten gained, one lost: p = 2 · (1 + 11) / 2¹¹.
    expect(found.significance).toEqual([{ metric: 'sums: acc', pair: ['one', 'two'], items: 40, difference: 0.225, interval: [expect.closeTo(0.08, 1), expect.closeTo(0.38, 1)], p: expect.closeTo(24 / 2048, 10) as number }]);
    expect(found.figures.map(({ name }) => name)).toEqual(['results/sums/acc,none', 'zero_shot_acc']);
    expect((await llm(['compare', 'one', 'two'])).out).toContain('Differences over the same items');
  });

  test('one run, or a folder that is none', async () => {
    expect((await llm(['compare', 'life'])).err).toContain('expected two runs or more but found 1');
    expect((await llm(['compare', 'life', 'text'])).err).toContain('E_NOT_FOUND: llm compare: expected a run, a step of a life or a life');
  });
});
