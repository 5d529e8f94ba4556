import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { conversations, preferences, writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo, TINY_CONFIG, writeTinyText } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'life-'));
  await writeTinyModel(cwd);
  writeTinyText(cwd);
  writeRecords(cwd, 'talks.jsonl', conversations);
  writeRecords(cwd, 'pairs.jsonl', preferences);
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ ...TINY_CONFIG, max_position_embeddings: 192 }));
  // A step that costs nothing: its result is its flags, and its figures are those of them that are numbers.
  writeFileSync(join(cwd, 'fake.mjs'), `import { writeFileSync } from 'node:fs';
export default ({ flags, folder, say }) => {
  writeFileSync(folder + '/model.safetensors', JSON.stringify(flags));
  say('with ' + JSON.stringify(flags));
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => typeof value === 'number'));
};`);
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const llm = async (argv: readonly string[], stop?: AbortSignal): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd, stop === undefined ? {} : { stop });
  const code = await runCli(argv, { commands, version: '0', io });
  return { code, ...io.written };
};
type Line = Record<string, unknown> & { type: string };
const live = async (recipe: unknown, ...more: string[]): Promise<{ code: number; err: string; lines: Line[]; done: (step: string) => Line[]; places: string[] }> => {
  writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify(recipe));
  const { code, out, err } = await llm(['run', 'recipe.yaml', '--device', 'wasm', '--json', ...more]);
  const lines = out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  const done = lines.filter(({ type }) => type === 'done');
  return { code, err, lines, done: (step) => done.filter((line) => line.step === step), places: done.map(({ step, kept }) => `${String(step)}${kept === true ? ' (kept)' : ''}`) };
};

const SFT = { model: 'base', data: ['talks.jsonl'], 'eval-share': 0.2, 'max-length': 48, steps: 2, batch: 4, lr: 1e-3, 'eval-answers': 2 };
const DPO = { model: '${sft}', data: ['pairs.jsonl'], 'eval-share': 0.2, 'max-length': 48, steps: 2, batch: 4, lr: 1e-3, judge: ['fewer-words'], 'max-tokens': 2, 'eval-questions': 4 };

describe('a life of several stages', () => {
  const recipe = (lr = 1e-3): unknown => ({
    lifecycle: 'whole', description: 'All of it, <b>small</b>.', values: { text: ['text'] },
    steps: {
      clean: { run: 'data', with: { paths: '${text}', filters: 'none' } },
      base: { run: 'pretrain', with: { data: ['${clean}'], filters: 'none', config: 'config.json', 'vocab-size': 300, steps: 3, batch: 2, length: 16 }, gate: [{ metric: 'perplexity', below: 1e6, paired: 'bits_per_byte' }] },
      sft: { run: 'sft', with: { ...SFT, model: '${base}', lr } },
      dpo: { run: 'dpo', with: DPO, gate: [{ metric: 'preference_win_rate', above: -1, beside: ['safety_score'] }] },
      eval: { run: 'eval', with: { run: '${dpo}', data: ['text'], length: 16 } },
    },
  });

  test('each is done once, from what those before it made, and told with its gate', async () => {
    const { code, err, done, places, lines } = await live(recipe(), '--watts', '100', '--price-per-hour', '2');
    expect([code, err]).toEqual([0, '']);
    expect(places).toEqual(['clean', 'base', 'sft', 'dpo', 'eval']);
    expect(done('base')[0]!.verdicts).toEqual([expect.objectContaining({ metric: 'perplexity', figure: 'perplexity', passed: true, wanted: '< 1000000', beside: { bits_per_byte: expect.any(Number) as number } })]);
    expect(done('dpo')[0]!.verdicts).toEqual([expect.objectContaining({ figure: 'val/win_rate', beside: {} })]);
    expect((done('eval')[0]!.figures as Record<string, number>).bits_per_byte).toBeGreaterThan(0);
    const rows = lines.at(-1)!.rows as { place: string; cost: { kwh: number; money: number; flops?: number; seconds: number }; bytes: number }[];
    expect(rows.map(({ place }) => place)).toEqual(places);
    expect(rows[1]!.cost.flops).toBeGreaterThan(1e5);
    expect(rows[1]!.cost.kwh).toBeCloseTo((100 * rows[1]!.cost.seconds) / 3.6e6, 12);
    expect(rows[1]!.cost.money).toBeCloseTo((2 * rows[1]!.cost.seconds) / 3600, 12);
    expect(rows[1]!.bytes).toBe(statSync(join(cwd, 'runs/whole/base/model.safetensors')).size);
    const report = readFileSync(join(cwd, 'runs/whole/report.html'), 'utf8');
    expect(report).toContain('All of it, &lt;b&gt;small&lt;/b&gt;.');
    expect(report).toContain('perplexity');
    const record = JSON.parse(readFileSync(join(cwd, 'runs/whole/sft.json'), 'utf8')) as { inputs: { flag: string; step?: string; sha256: string }[]; command: string };
    const base = JSON.parse(readFileSync(join(cwd, 'runs/whole/base.json'), 'utf8')) as { result: { sha256: string } };
    expect(record.inputs.map(({ flag, step }) => [flag, step])).toEqual([['model', 'base'], ['data', undefined]]);
    expect(record.inputs[0]!.sha256).toBe(base.result.sha256);
    expect(record.command).toContain('llm sft --model=runs/whole/base --data=talks.jsonl');
  }, 60_000);

  test('run again, everything is kept; with another flag, that step and what depends on it is done again', async () => {
    expect((await live(recipe())).places).toEqual(['clean (kept)', 'base (kept)', 'sft (kept)', 'dpo (kept)', 'eval (kept)']);
    const changed = await live(recipe(2e-3));
    expect(changed.places).toEqual(['clean (kept)', 'base (kept)', 'sft', 'dpo', 'eval']);
    expect(changed.lines.filter(({ type }) => type === 'notice').map(({ text }) => text)).toContain('sft: done again, since lr changed.');
    expect((await live(recipe(2e-3), '--again', 'eval')).places.at(-1)).toBe('eval');
    rmSync(join(cwd, 'runs/whole/dpo/model.safetensors'));
    const missing = await live(recipe(2e-3));
    // What it makes is the same to the bit, so that what depends on it is kept.
    expect(missing.places).toEqual(['clean (kept)', 'base (kept)', 'sft (kept)', 'dpo', 'eval (kept)']);
    expect(missing.lines.find(({ type }) => type === 'notice')!.text).toContain('dpo: done again, since model.safetensors is not what the step left.');
  }, 60_000);

  test('for people: each stage with its gate, and one table', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify(recipe(2e-3)));
    const { code, out, err } = await llm(['run', 'recipe.yaml', '--device', 'wasm']);
    expect(code).toBe(0);
    expect(err).toContain('[2/5] base: pretrain\nbase: unchanged, kept.\nGate of base: passed: perplexity');
    expect(out).toMatch(/stage +command +metric +before +after +gate +time +size/);
    expect(out).toMatch(/dpo +dpo +val\/win_rate +[\d.]+ +[\d.]+ +passed/);
  });
});

const FAKE = './fake.mjs';

test('tasks are measured in a life too, and give the metrics of gates', async () => {
  mkdirSync(join(cwd, 'docs/piqa'), { recursive: true });
  writeRecords(cwd, 'docs/piqa/validation.jsonl', Array.from({ length: 6 }, (_, i) => ({ goal: `reads ${i}`, sol1: 'the text', sol2: 'an empty line', label: i % 2 })));
  const tasks = { lifecycle: 'tasks', steps: { ask: { run: 'eval', with: { run: 'base', tasks: ['piqa'], 'task-data': 'docs', 'bootstrap-iters': 0 }, gate: [{ metric: 'zero_shot_acc', above: -1 }, { metric: 'results/piqa/acc,none', above: -1 }] } } };
  const { code, err, done } = await live(tasks);
  expect([code, err]).toEqual([0, '']);
  expect(done('ask')[0]!.verdicts).toMatchObject([{ figure: 'zero_shot_acc', passed: true }, { figure: 'results/piqa/acc,none', passed: true }]);
  // What each document was answered is kept, for comparisons.
  expect(readdirSync(join(cwd, 'runs/tasks/ask/base')).filter((name) => name.startsWith('samples_piqa_'))).toHaveLength(1);
  expect((await live(tasks)).places).toEqual(['ask (kept)']);
});

test('a gate that fails stops with 3, says why, and leaves the last good model', async () => {
  const recipe = (above: number): unknown => ({
    lifecycle: 'fails', steps: {
      sft: { run: FAKE, with: { seed: 1 } }, dpo: { run: FAKE, with: { model: '${sft}', 'val/win_rate': 0.5 }, gate: [{ metric: 'preference_win_rate', above, beside: ['safety_score'] }] }, after: { run: FAKE, with: { model: '${dpo}' } },
    },
  });
  writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify(recipe(0.7)));
  const { code, out, err } = await llm(['run', 'recipe.yaml']);
  expect(code).toBe(3);
  expect(err).toContain('Gate of dpo: FAILED: preference_win_rate (val/win_rate) 0.500, wanted > 0.7; safety_score not measured\n');
  expect(err).toMatch(/error: E_GATE: Stopped at the gate of dpo: .* The last good model is in runs\/fails\/sft\. What did not pass is kept in runs\/fails\/dpo\./);
  expect(out).toMatch(/dpo .* failed/);
  expect(existsSync(join(cwd, 'runs/fails/after'))).toBe(false);
  expect(existsSync(join(cwd, 'runs/fails/sft/model.safetensors'))).toBe(true);
  // Asked for less, nothing is made again.
  const lower = await live(recipe(0.4));
  expect([lower.code, lower.places]).toEqual([0, ['sft (kept)', 'dpo (kept)', 'after']]);
});

test('a gate that fails rolls back to the step with an alternative, so often as there are any', async () => {
  const recipe = {
    lifecycle: 'retried', steps: {
      sft: { run: FAKE, with: { steps: 1 }, alternative: [{ steps: 2 }, { steps: 3 }] },
      eval: { run: FAKE, with: { model: '${sft}', bits_per_byte: 2 }, gate: [{ metric: 'bits_per_byte', below: 1 }], rollback: 'sft' },
    },
  };
  const first = await live(recipe);
  expect([first.code, first.places]).toEqual([3, ['sft', 'eval', 'sft-try2', 'eval-sft-try2', 'sft-try3', 'eval-sft-try3']]);
  expect(first.lines.at(-1)!.failed).toMatchObject({ step: 'eval-sft-try3', lastGood: 'runs/retried/sft-try3' });
  expect(['sft', 'sft-try2', 'sft-try3'].map((place) => (first.done(place)[0]!.figures as { steps: number }).steps)).toEqual([1, 2, 3]);
  // Nothing is done twice, the tries that failed neither.
  expect((await live(recipe)).places).toEqual(first.places.map((place) => `${place} (kept)`));
});

test('rounds go on until one passes its gates; what a round does not change is done once', async () => {
  const recipe = {
    lifecycle: 'rounds', rounds: 5, steps: {
      first: { run: FAKE },
      collect: { run: FAKE, with: { round: '${round}', model: '${train@previous|first}', only: '${train@previous}' } },
      train: { run: FAKE, with: { model: '${train@previous|first}', data: ['talks.jsonl', '${collect}/model.safetensors'] } },
      check: { run: FAKE, with: { reached: '${round}', model: '${train}' }, gate: [{ metric: 'reached', above: 2.5 }] },
    },
  };
  const { code, places, lines, err } = await live(recipe);
  expect([code, err]).toEqual([0, '']);
  expect(places).toEqual(['first', 'collect', 'train', 'check', 'first (kept)', 'collect-round2', 'train-round2', 'check-round2', 'first (kept)', 'collect-round3', 'train-round3', 'check-round3']);
  const notices = lines.filter(({ type }) => type === 'notice').map(({ text }) => text);
  expect(notices).toContain('Round 1 of 5 did not pass the gate of check; the next one begins.');
  // What refers to the round before is left out of the first, unless the recipe says what stands in for it.
  expect(notices.filter((text) => String(text).includes('"round"'))).toEqual([
    'with {"round":1,"model":"runs/rounds/first"}', 'with {"round":2,"model":"runs/rounds/train","only":"runs/rounds/train"}', 'with {"round":3,"model":"runs/rounds/train-round2","only":"runs/rounds/train-round2"}',
  ]);
  expect((await live(recipe, '--set', 'rounds=2')).code).toBe(3);
  expect((await live(recipe)).places).toEqual(places.map((place) => `${place.replace(' (kept)', '')} (kept)`));
});

test('a search lives the same life with other values, leaves losers behind, and shares what trials have in common', async () => {
  const recipe = {
    lifecycle: 'search', values: { seed: 0 }, steps: { first: { run: FAKE }, train: { run: FAKE, with: { model: '${first}', seed: '${seed}', steps: 4, 'val/loss': 3 }, gate: [{ metric: 'val/loss', below: 1.5 }] } },
    search: { step: 'train', metric: 'val/loss', goal: 'least', grid: { 'train.val/loss': [3, 1, 2] }, halving: { flag: 'train.steps', least: 1, factor: 2 } },
  };
  const { code, places, lines, err } = await live(recipe);
  expect([code, err]).toEqual([0, '']);
  expect(places.filter((place) => place.startsWith('first'))).toEqual(['first', ...Array.from({ length: 5 }, () => 'first (kept)')]);
  expect(places.filter((place) => place.startsWith('train'))).toEqual(['train-t1-rung1', 'train-t2-rung1', 'train-t3-rung1', 'train-t2-rung2', 'train-t3-rung2', 'train-t2']);
  const found = lines.at(-1)! as unknown as { trials: { name: string; values: number[]; stoppedAfter?: number }[]; rungs: number[] };
  expect(found.rungs).toEqual([1, 2, 4]);
  expect(found.trials.map(({ name, values, stoppedAfter }) => [name, values.length, stoppedAfter])).toEqual([['t2', 3, undefined], ['t3', 2, 2], ['t1', 1, 1]]);
  const { out } = await llm(['run', 'recipe.yaml']);
  expect(out).toMatch(/trial +train\.val\/loss +val\/loss at 1 +val\/loss at 2 +val\/loss at 4 +gates\nt2 +1 +1 +1 +1 +passed\nt3 +2 +2 +2 +left behind after rung 2\nt1/);
});

test('seeds are a search too, with mean and deviation', async () => {
  const recipe = { lifecycle: 'seeds', values: { seed: 0 }, steps: { train: { run: FAKE, with: { loss: '${seed}' } } }, search: { step: 'train', metric: 'loss', goal: 'least', grid: { seed: [1, 2, 3] } } };
  writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify(recipe));
  expect((await llm(['run', 'recipe.yaml'])).out).toContain('\nloss, 3 seeds: mean 2.000, standard deviation 1.00, standard error 0.577.\n');
  writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify({ ...recipe, values: { seed: 0, rate: 1 }, search: { ...recipe.search, grid: { seed: [1, 3], rate: [1, 2] } } }));
  const { out } = await llm(['run', 'recipe.yaml']);
  expect(out).toContain('\nloss with rate 1, 2 seeds: mean 2.000');
  expect(out).toContain('\nloss with rate 2, 2 seeds: mean 2.000');
});

test.each([
  [{}, 'expected "lifecycle:" with a name'],
  [{ stage: 'sft' }, 'It is the recipe of one stage: llm sft recipe.yaml'],
  [{ lifecycle: 'x', steps: {} }, 'expected one step or more at recipe.yaml:1:'],
  [{ lifecycle: 'x', step: { a: { run: 'sft' } } }, 'but found step. Did you mean steps?'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', wiht: {} } } }, 'but found wiht. Did you mean with?'],
  [{ lifecycle: 'x', steps: { a: { run: 'stf' } } }, 'but found stf. Did you mean sft?'],
  [{ lifecycle: 'x', steps: { a: { run: './none.mjs' } } }, 'found nothing at ./none.mjs'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: { stpes: 1 } } } }, 'but found stpes. Did you mean steps?'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: { steps: 0 } } } }, 'to be a whole number from 1 on but found 0'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: SFT, alternative: [{ steps: -1 }] } } }, 'expected steps at recipe.yaml:1:'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: { name: 'b' } } } }, 'expected no name at'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: { model: '${bsae}' } } }, values: { base: 'base' } }, 'but found ${bsae}. Did you mean base?'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: { model: '${b}' } }, b: { run: 'sft', with: { model: '${a}' } } } }, 'found a circle of a, b'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: { ...SFT, data: ['./missing.jsonl'] } } } }, 'found nothing at ./missing.jsonl'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: SFT, gate: 'stf' } } }, 'Did you mean sft?'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: SFT, gate: [{ metric: 'val/loss' }] } } }, 'expected above or below for val/loss'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: SFT, gate: [{ metric: 'val/loss', below: '3' }] } } }, 'gate.0.below at recipe.yaml:1:'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: SFT, rollback: 'b' } } }, 'expected rollback at'],
  [{ lifecycle: 'x', steps: { round: { run: 'sft', with: SFT } } }, 'means something else in a recipe'],
  [{ lifecycle: 'x', steps: { a: { run: 'run', with: { recipe: 'recipe.yaml' } } } }, 'or a module but found run'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: SFT } }, search: { step: 'a', metric: 'val/loss', goal: 'least', grid: { 'b.lr': [1] } } }, 'expected one of a.flag but found b.lr'],
  [{ lifecycle: 'x', steps: { a: { run: 'sft', with: SFT } }, search: { step: 'a', metric: 'val/loss', goal: 'least', grid: { 'a.lr': [1] }, halving: { flag: 'a.epochs', least: 1 } } }, 'expected a number for a.epochs'],
])('%j is refused before anything runs', async (recipe, message) => {
  const { code, err, places } = await live(recipe);
  expect(err).toContain(message);
  expect([code, places]).toEqual([2, []]);
});

test('a metric that cannot be measured is an error before the step runs, and one that was not is no pass', async () => {
  const known = await live({ lifecycle: 'unmeasured', steps: { sft: { run: 'sft', with: { ...SFT, 'eval-answers': 0 }, gate: 'sft' } } });
  expect([known.code, known.places]).toEqual([1, []]);
  expect(known.err).toContain('E_NOT_MEASURED: llm run: expected sft to measure instruction_follow, which the gate of sft asks for, but found only val/loss');
  const late = await live({ lifecycle: 'unmeasured', steps: { clean: { run: 'data', with: { paths: ['text'], filters: 'none' }, gate: [{ metric: 'safety_score', above: 0 }] } } });
  expect([late.code, late.places]).toEqual([1, []]);
  expect(late.err).toContain('expected clean to measure safety_score');
});

test('--set replaces values and flags; a name that is not there is refused', async () => {
  const recipe = { lifecycle: 'set', values: { rate: 1e-3 }, steps: { sft: { run: FAKE, with: { lr: '${rate}', steps: 5 } } } };
  const { done } = await live(recipe, '--set', 'rate=2e-3', 'sft.steps=1');
  expect(done('sft')[0]!.figures).toEqual({ lr: 2e-3, steps: 1 });
  expect((await live(recipe, '--set', 'raet=1')).err).toContain('Did you mean rate?');
});

test('a recipe may be a module', async () => {
  writeFileSync(join(cwd, 'life.mjs'), `export default { lifecycle: 'module', steps: { sft: { run: '${FAKE}', with: { steps: 1 } } } };`);
  expect((await llm(['run', 'life.mjs', '--json'])).code).toBe(0);
  writeFileSync(join(cwd, 'bad.mjs'), 'export default { lifecycle: \'module\', steps: { sft: { run: \'sft\', with: { stpes: 1 } } } };');
  expect((await llm(['check', 'bad.mjs'])).err).toContain('bad.mjs (steps.sft.with.stpes) but found stpes');
  expect((await llm(['check', 'life.mjs'])).out).toBe('life.mjs: a sound recipe for llm run, of 1 steps\n');
});

test('stopped in a step, it ends with the code of the signal and goes on there', async () => {
  const recipe = { lifecycle: 'stopped', steps: { sft: { run: 'sft', with: { ...SFT, steps: 4 } }, after: { run: FAKE, with: { model: '${sft}' } } } };
  writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify(recipe));
  const stop = new AbortController();
  const io = memoryIo(cwd, { stop: stop.signal });
  const { Stopped } = await import('../cli/stopped.ts');
  const code = await runCli(['run', 'recipe.yaml', '--json', '--device', 'wasm'], { commands, version: '0', io: { ...io, out: (text) => { io.out(text); if (text.includes('"step":1,')) stop.abort(new Stopped('SIGINT')); } } });
  expect(code).toBe(130);
  const { places, lines } = await live(recipe);
  expect(places).toEqual(['sft', 'after']);
  expect(lines.some(({ type, text }) => type === 'notice' && String(text).startsWith('Resuming at step 2 of 4'))).toBe(true);
}, 60_000);
