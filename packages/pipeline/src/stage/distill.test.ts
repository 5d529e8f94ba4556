import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@llm/model';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { disposeTree } from '@llm/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { commands } from '../commands/index.ts';
import { conversations, writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo, TINY_CONFIG, writeTinyText } from '../fixtures/tiny-run.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'distill-'));
  await writeTinyModel(cwd);
  // A teacher with layers to leave out.
  const { config, tokenizerJson } = await loadPretrained(join(cwd, 'base'));
  const model = createModel({ ...TINY_CONFIG, num_hidden_layers: 3, max_position_embeddings: 192, vocab_size: config.vocabSize, bos_token_id: config.bosId, eos_token_id: config.bosId });
  const params = model.init(2);
  await savePretrained(join(cwd, 'teacher'), { model, params, tokenizer: { json: tokenizerJson! } });
  disposeTree(params);
  writeRecords(cwd, 'talks.jsonl', conversations);
  writeTinyText(cwd);
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const llm = async (argv: string, stop?: AbortSignal): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd, stop === undefined ? {} : { stop });
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};
const COMMON = '--steps 3 --batch 4 --eval-share 0.2 --max-length 48 --device wasm --eval-answers 2 --lr 1e-3';

test('a teacher, half of its layers, records and text: figures, a report, a map, and a folder that opens', async () => {
  const { code, out, err } = await llm(`distill teacher --layers 2 --keep 0,2 --data talks.jsonl --text text --text-share 0.5 --loss jsd ${COMMON} --name both`);
  expect(code).toBe(0);
  expect(err).toMatch(/The student keeps layers 0, 2 of 3: /);
  expect(out).toMatch(/tokens a second .*× as fast/);
  const folder = join(cwd, 'runs/both');
  const report = JSON.parse(readFileSync(join(folder, 'distillation.json'), 'utf8')) as { kept: object; speed_up: number; size_reduction: number; quality_drop: number; map: { to: string; from: string }[] };
  expect(Object.keys(report.kept)).toEqual(['exact_match', 'bits_per_byte']);
  expect(report.size_reduction).toBeGreaterThan(0.1);
  expect(report.speed_up).toBeGreaterThan(0);
  expect(report.map.find(({ to }) => to === 'model.layers.1.mlp.up_proj.weight')?.from).toBe('model.layers.2.mlp.up_proj.weight');
  const stage = JSON.parse(readFileSync(join(folder, 'stage.json'), 'utf8')) as { result: { after: Record<string, number> } };
  expect(Object.keys(stage.result.after)).toEqual(['val/loss', 'val/token_accuracy', 'val/exact_match', 'val/bits_per_byte', 'val/kl', 'quality_drop', 'size_reduction']);
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(page).toContain('Teacher and student');
  expect(page).toContain('model.layers.1.mlp.up_proj.weight');
  const { model, params } = await loadPretrained(folder);
  expect(model.shape.layers).toBe(2);
  disposeTree(params);
});

test('on what it says itself, from a teacher in few bits, with states; narrower than its teacher', async () => {
  expect((await llm(`distill teacher --layers 1 --loss gkd --lambda 1 --max-tokens 4 --teacher-bits bf16 --data talks.jsonl ${COMMON} --name own`)).code).toBe(0);
  expect((await llm(`distill teacher --layers 2 --width 12 --mlp-width 16 --states 1 --loss distilbert --text text ${COMMON} --name narrow`)).code).toBe(0);
  const { model, params } = await loadPretrained(join(cwd, 'runs/narrow'));
  expect([model.shape.width, model.shape.mlpWidth, model.shape.layers]).toEqual([12, 16, 2]);
  disposeTree(params);
  expect((await llm(`distill teacher --student runs/own --loss symmetric-kl --data talks.jsonl ${COMMON} --name again`)).code).toBe(0);
});

test('text and what the student writes go on where they were', async () => {
  for (const [name, flags] of [['mixed', '--data talks.jsonl --text text --text-share 0.4'], ['wrote', '--data talks.jsonl --loss gkd --lambda 0.5 --max-tokens 3']] as const) {
    const run = (suffix: string, more = '', stop?: AbortSignal): ReturnType<typeof llm> => llm(`distill teacher --layers 1 ${flags} ${COMMON.replace('--steps 3', '--steps 5')} --save-every 2 --name ${name}-${suffix} --json${more}`, stop);
    await run('whole');
    const stop = new AbortController();
    const io = memoryIo(cwd, { stop: stop.signal });
    const watched = { ...io, out: (text: string) => { io.out(text); if (text.includes('"step":1,')) stop.abort('SIGINT'); } };
    await runCli(`distill teacher --layers 1 ${flags} ${COMMON.replace('--steps 3', '--steps 5')} --save-every 2 --name ${name}-halves --json`.split(' '), { commands, version: '0', io: watched });
    await llm(`distill --resume --name ${name}-halves --json`);
    const bytes = (suffix: string): Buffer => readFileSync(join(cwd, 'runs', `${name}-${suffix}`, 'model.safetensors'));
    expect(bytes('halves').equals(bytes('whole'))).toBe(true);
  }
});

test('what a teacher said is asked for once', async () => {
  const flags = `distill teacher --layers 1 --data talks.jsonl --cache 4 --temperature 1 ${COMMON} --name kept`;
  const first = await llm(flags);
  expect(first.err).toContain('The teacher was asked for');
  expect(first.err).toMatch(/likeliest 4 tokens of \d+ targets take .* gradients by logits differ by/);
  expect(existsSync(join(cwd, 'runs/kept/teacher/teacher-00000.safetensors'))).toBe(true);
  expect((await llm(`${flags} --fresh`)).err).not.toContain('The teacher was asked for');
  expect(readdirSync(join(cwd, 'runs/kept'))).toContain('distillation.json');
});

test('a recipe is checked, and what contradicts itself is refused', async () => {
  writeFileSync(join(cwd, 'distill.yaml'), `stage: distill\nmodel: teacher\ndata: talks.jsonl\nlayers: 1\nloss: hinton\nsteps: 1\nbatch: 2\nmax-length: 48\neval-answers: 0\n`);
  expect((await llm('check distill.yaml')).out).toContain('a sound recipe for llm distill');
  expect((await llm('distill distill.yaml --name from-recipe --device wasm')).code).toBe(0);
  for (const [flags, message] of [
    ['teacher', 'expected --data with files of records, --text'],
    ['teacher --data talks.jsonl --layers 4', 'expected --layers to be at most 3'],
    ['teacher --data talks.jsonl --keep 0,3', 'expected --keep to name layers from 0 to 2'],
    ['teacher --data talks.jsonl --keep sideways', 'expected --keep to be one of spread, first, last, every'],
    ['teacher --data talks.jsonl --keep 0 --layers 2', 'expected --keep to name 2 layers'],
    ['teacher --text text --cache 4', 'expected --data with --cache'],
    ['teacher --data talks.jsonl --cache 4 --states 1', 'expected --cache, which keeps probabilities alone, or --states'],
    ['teacher --data talks.jsonl --cache 4 --loss gkd', 'expected --cache, which keeps what was asked before, or --lambda'],
    ['teacher --text text --loss gkd', 'for --lambda 0.5 but found none'],
    ['teacher --data talks.jsonl --loss hinten', 'to be one of hinton, distilbert'],
    ['teacher --data talks.jsonl --student base --layers 1', 'expected --student, or --layers and --width'],
    ['teacher --data talks.jsonl --lora 4', 'lora'],
  ] as const) {
    const { code, err } = await llm(`distill ${flags} --name refused --device wasm`);
    expect(code).not.toBe(0);
    expect(err).toContain(message);
  }
});
