import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPretrained } from '@llm/model/node';
import { flatten } from '@llm/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { commands } from '../commands/index.ts';
import { conversations, preferences, writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { openModel } from '../train/open-model.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'stages-'));
  await writeTinyModel(cwd);
  writeRecords(cwd, 'talks.jsonl', conversations);
  writeRecords(cwd, 'pairs.jsonl', preferences);
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const llm = async (argv: string, stop?: AbortSignal): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd, stop === undefined ? {} : { stop });
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};
const lines = (out: string): Record<string, unknown>[] => out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
const COMMON = '--model base --steps 4 --batch 4 --eval-share 0.2 --max-length 48 --device wasm --json';

const STAGES: [name: string, flags: string, figures: string[]][] = [
  ['sft', '--data talks.jsonl --lr 1e-3 --eval-answers 2', ['val/loss', 'val/token_accuracy', 'val/exact_match']],
  ['lora', '--data talks.jsonl --lr 1e-3 --lora 2 --eval-answers 0', ['val/loss', 'val/token_accuracy']],
  ['dpo', '--data pairs.jsonl --lr 1e-3 --judge fewer-words --max-tokens 4', ['val/loss', 'val/reward_accuracy', 'val/margin', 'val/win_rate']],
  ['reward', '--data pairs.jsonl --lr 1e-3', ['val/loss', 'val/accuracy', 'val/margin']],
  ['grpo', '--data talks.jsonl --reward brief --samples 3 --max-tokens 4 --lr 1e-3', ['val/reward']],
  ['ppo', '--data talks.jsonl --reward brief --ppo-epochs 2 --mini-batch 4 --max-tokens 4 --lr 1e-3', ['val/reward']],
  ['distill', '--data talks.jsonl --cache 8 --temperature 2 --lr 1e-3 --eval-answers 2', ['val/loss', 'val/exact_match', 'val/kl', 'quality_drop', 'size_reduction']],
];

describe.each(STAGES)('llm %s', (stage, flags, figures) => {
  test('trains, measures before and after, saves, and is found finished', async () => {
    const { code, out, err } = await llm(`${stage} ${COMMON} ${flags} --name ${stage}-whole`);
    expect([code, err]).toEqual([0, '']);
    const told = lines(out);
    const result = told.at(-1)!;
    expect(result).toMatchObject({ type: 'result', steps: 4 });
    for (const figure of figures) {
      expect(Object.keys(result.before as object)).toContain(figure);
      expect(Object.keys(result.after as object)).toContain(figure);
    }
    expect(told.filter(({ type }) => type === 'step').map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    const folder = join(cwd, 'runs', `${stage}-whole`);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('Before and after');
    expect(existsSync(join(folder, stage === 'lora' ? 'adapter_model.safetensors' : 'model.safetensors'))).toBe(true);
    expect(lines((await llm(`${stage} --resume --name ${stage}-whole --json`)).out).at(-1)).toMatchObject({ type: 'finished', steps: 4 });
    expect((await llm(`${stage} ${COMMON} ${flags} --name ${stage}-whole`)).err).toContain('expected a new run but found one');
  });

  test('stopped and resumed, it ends with the same losses', async () => {
    const stop = new AbortController();
    const io = memoryIo(cwd, { stop: stop.signal });
    const watched = { ...io, out: (text: string) => { io.out(text); if (text.includes('"step":0,')) stop.abort('SIGINT'); } };
    await runCli(`${stage} ${COMMON} ${flags} --name ${stage}-halves`.split(' '), { commands, version: '0', io: watched });
    expect(lines(io.written.out).at(-1)).toMatchObject({ type: 'stopped' });
    const { code, out } = await llm(`${stage} --resume --name ${stage}-halves --json`);
    expect(code).toBe(0);
    const losses = (name: string): unknown[] => lines(readFileSync(join(cwd, 'runs', name, 'metrics.jsonl'), 'utf8')).map(({ loss, grad_norm: norm }) => [loss, norm]);
    expect(losses(`${stage}-halves`)).toEqual(losses(`${stage}-whole`));
    expect(lines(out).at(-1)!.after).toEqual(lines((await llm(`${stage} --resume --name ${stage}-whole --json`)).out).at(-1)!.after);
  });
});

test('an adapter over weights in few bits is a folder that chat opens with its base', async () => {
  expect((await llm(`lora ${COMMON} --data talks.jsonl --lora 2 --base nf4 --lora-targets all-linear --name qlora`)).err).toBe('');
  expect(JSON.parse(readFileSync(join(cwd, 'runs/qlora/adapter_config.json'), 'utf8'))).toMatchObject({ peft_type: 'LORA', r: 2, base_model_name_or_path: 'base' });
  // The base is named from where the command ran.
  const config = JSON.parse(readFileSync(join(cwd, 'runs/qlora/adapter_config.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(cwd, 'runs/qlora/adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: join(cwd, 'base') }));
  const { params, template } = await openModel(join(cwd, 'runs/qlora'), 'wasm');
  const { params: base } = await loadPretrained(join(cwd, 'base'));
  const name = 'model.layers.0.self_attn.q_proj.weight';
  expect(flatten(params)[name]!.shape).toEqual(flatten(base)[name]!.shape);
  expect(template).toBeDefined();
});

test('a reward model judges for ppo', async () => {
  await llm(`reward ${COMMON} --data pairs.jsonl --lr 1e-3 --name judge`);
  const { code, out } = await llm(`ppo ${COMMON} --data talks.jsonl --reward-model runs/judge --ppo-epochs 1 --max-tokens 3 --name judged`);
  expect(code).toBe(0);
  expect(lines(out).at(-1)!.after).toHaveProperty('val/reward');
});

test.each([
  ['sft --data talks.jsonl', 'expected --model with the folder of a model but found none'],
  ['sft --model base', 'expected --data'],
  ['sft --model nowhere --data talks.jsonl', 'found nothing at'],
  ['sft --model base --data talks.jsonl --base nf4', 'expected --lora with --base nf4'],
  ['sft --model base --data talks.jsonl --template chatml', 'expected a tokenizer with <|im_start|>, <|im_end|>'],
  ['sft --model base --data talks.jsonl --template alpacca', 'Did you mean alpaca?'],
  ['sft --model base --data bad.jsonl', 'bad.jsonl:2 but found "{'],
  ['sft --model base --data empty.jsonl', 'expected records in empty.jsonl but found none'],
  ['dpo --model base --data talks.jsonl', 'expected chosen and rejected'],
  ['dpo --model base --data pairs.jsonl --loss sigmod', 'to be one of sigmoid, hinge'],
  ['grpo --model base --data talks.jsonl', 'expected --reward with one or more of exact'],
  ['grpo --model base --data talks.jsonl --reward exakt', 'expected --reward to be one of exact, contains, think, fewer-words, summary, brief or a module but found exakt'],
  ['grpo --model base --data talks.jsonl --reward exact --beta 0.1', 'expected --lora with --beta'],
  ['ppo --model base --data talks.jsonl', 'expected --reward or --reward-model but found neither'],
  ['reward --model base --data pairs.jsonl --lora 4', 'Leave it out'],
  ['lora --model base --data talks.jsonl --lora-targets nope', 'nope'],
])('llm %s is refused', async (argv, message) => {
  writeFileSync(join(cwd, 'bad.jsonl'), '{"prompt":"a","completion":"b"}\n{"prompt":\n');
  writeFileSync(join(cwd, 'empty.jsonl'), '\n');
  const { code, err } = await llm(`${argv} --name refused --device wasm`);
  expect(code).not.toBe(0);
  expect(err).toContain(message);
});
