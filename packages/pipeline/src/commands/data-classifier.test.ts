import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTextClassifier } from '@llm/data-quality';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { writeRecords } from '../fixtures/tiny-model.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

let cwd: string;
const GOOD = ['a proof by induction', 'the energy of a photon', 'how plants make sugar', 'a theorem about primes'];
const BAD = ['click here to win', 'buy now and save', 'free phone for you', 'hot deals today only'];
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'classifier-'));
  const pages = [...GOOD, ...BAD].flatMap((text, i) => Array.from({ length: 10 }, (_, n) => ({ id: `${i}-${n}`, text: `${text}, page ${n}`, label: i < 4 ? 'good' : 'bad', rating: i < 4 ? 4 : 1 })));
  writeRecords(cwd, 'pages.jsonl', pages);
  writeRecords(cwd, 'new.jsonl', [{ id: 'x', text: 'win a free phone' }, { id: 'y', text: 'a proof about primes' }, { id: 'z', text: 'sugar and energy of plants' }]);
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const llm = async (argv: string): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};
const linesOf = (name: string): Record<string, unknown>[] => readFileSync(join(cwd, name), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

test('learns labels, measures them on what was held out, and says them of other documents', async () => {
  const { code, out, err } = await llm('data classifier train pages.jsonl --out models/page.bin --held-out 0.25');
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('Learned from 60 examples');
  expect(out).toMatch(/accuracy 1\.000 \(always the commonest label: 0\.\d+\), macro F1 1\.000, on 20 held-out examples/);
  expect(out).toMatch(/true label +said bad +said good\nbad +\d+ +0\ngood +0 +\d+/);
  expect(readTextClassifier(readFileSync(join(cwd, 'models/page.bin'))).labels).toEqual(['bad', 'good']);
  const applied = await llm('data classifier apply new.jsonl --model models/page.bin --out said.jsonl');
  expect(applied.out).toMatch(/good +2 +66\.7 %\nbad +1 +33\.3 %/);
  expect(linesOf('said.jsonl').map(({ id, label }) => [id, label])).toEqual([['x', 'bad'], ['y', 'good'], ['z', 'good']]);
  const [{ probability, probabilities }] = linesOf('said.jsonl') as [{ probability: number; probabilities: Record<string, number> }];
  expect(probability).toBe(probabilities['bad']);
});

test('learns ratings', async () => {
  const { code, out } = await llm('data classifier train pages.jsonl --rating-field rating --out rate.bin --held-out 0.25 --epochs 30 --json');
  expect(code).toBe(0);
  const { heldOut } = JSON.parse(out) as { heldOut: { examples: number; r2: number; spearman: number } };
  expect(heldOut.examples).toBe(20);
  expect(heldOut.r2).toBeGreaterThan(0.8);
  expect(heldOut.spearman).toBeGreaterThan(0.8);
  expect((await llm('data classifier apply new.jsonl --model rate.bin --out rated.jsonl')).out).toMatch(/50 % below/);
  const [bad, good] = linesOf('rated.jsonl') as [{ rating: number }, { rating: number }];
  expect(good.rating - bad.rating).toBeGreaterThan(1);
});

test('records without a label are told, or passed over within a budget', async () => {
  writeRecords(cwd, 'holes.jsonl', [{ text: 'a', label: 'x' }, { text: 'b', label: 7 }, { text: 'c', label: null }]);
  expect((await llm('data classifier train holes.jsonl --out holes.bin --held-out 0')).err).toMatch(/E_RECORD: .*a label in "label" of holes\.jsonl:3 but found null/);
  const { code, out } = await llm('data classifier train holes.jsonl --out holes.bin --held-out 0 --skip-bad 1');
  expect(code).toBe(0);
  expect(out).toContain('Learned from 2 examples\n\nNothing was held out');
});

test.each([
  ['data classifier train pages.jsonl', /--out to be a file but found nothing/, 2],
  ['data classifier train pages.jsonl --out x.bin --label-field a --rating-field b', /found both/, 2],
  ['data classifier train pages.jsonl --out x.bin --label-field text2', /a label in "text2"/, 1],
  ['data classifier train one.jsonl --out x.bin', /expected examples of two labels or more/, 1],
  ['data classifier apply new.jsonl --model nothing.bin --out x.jsonl', /E_NOT_FOUND/, 1],
  ['data classifier apply new.jsonl --model pages.jsonl --out x.jsonl', /E_CLASSIFIER/, 1],
  ['data classifier apply one.txt --model pages.jsonl --out x.jsonl', /E_CLASSIFIER/, 1],
])('%s says what is wrong', async (argv, message, expected) => {
  writeRecords(cwd, 'one.jsonl', [{ text: 'a', label: 'x' }, { text: 'b', label: 'x' }]);
  writeFileSync(join(cwd, 'one.txt'), 'text');
  const { code, out, err } = await llm(argv);
  expect([code, out]).toEqual([expected, '']);
  expect(err).toMatch(message);
  expect(existsSync(join(cwd, 'x.jsonl'))).toBe(false);
});
