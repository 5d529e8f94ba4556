import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, type Model, type ModelConfig } from '@llm/model';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { causalLoss } from '@llm/pretrain';
import { disposeTree, flatten, memory, overwrite, type Tree, useDevice } from '@llm/tensor';
import { trainBpe } from '@llm/tokenizer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { Stopped } from '../cli/stopped.ts';
import { commands } from '../commands/index.ts';
import { memoryIo, TINY_CONFIG, tinyText, writeTinyText } from '../fixtures/tiny-run.ts';
import { readMetrics } from '../run/metrics-log.ts';
import { readRun } from '../run/run-record.ts';
import { openRun } from './open-run.ts';
import { batchesFrom, packStore, textEnds } from './training-batches.ts';

const TEXT = 'pretrain --data text --filters none --batch 2 --length 16';
const GIVEN = `${TEXT} --steps 6 --save-every 2 --seed 3 --json`;

let folder: string;
const inFolder = (...names: string[]): string => join(folder, ...names);

/** Runs the command in the folder; `onLine` sees each line of stdout and may ask it to stop. */
async function llm(argv: string, onLine: (line: string, stop: () => void) => void = () => {}): Promise<{ code: number; out: string; err: string }> {
  const controller = new AbortController();
  const io = memoryIo(folder, { stop: controller.signal });
  const out = (text: string): void => {
    io.out(text);
    onLine(text, () => controller.abort(new Stopped('SIGINT')));
  };
  return { code: await runCli(argv.split(' '), { commands, version: '1.2.3', io: { ...io, out } }), ...io.written };
}
const hashOf = (...names: string[]): string => createHash('sha256').update(readFileSync(inFolder(...names))).digest('hex');

/** A model folder beside the others, with the tokenizer of `base` and what `change` does to the weights. */
async function save(name: string, { config, change = () => {}, maxShardBytes }: { config?: Record<string, unknown>; change?: (params: Tree) => void; maxShardBytes?: number } = {}): Promise<void> {
  const loaded = await loadPretrained(inFolder('base'));
  const model = config === undefined ? loaded.model : createModel(config);
  const params = config === undefined ? loaded.params : model.init(1);
  change(params);
  await savePretrained(inFolder(name), { model, params, tokenizer: { json: loaded.tokenizerJson! }, ...(maxShardBytes === undefined ? {} : { maxShardBytes }) });
  disposeTree(params);
  if (config !== undefined) disposeTree(loaded.params);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llm-given-'));
  await useDevice();
  writeTinyText(folder);
  writeFileSync(inFolder('config.json'), JSON.stringify(TINY_CONFIG));
  const { code, err } = await llm(`${TEXT} --config config.json --vocab-size 300 --steps 10 --runs . --name base`);
  if (code !== 0) throw new Error(err);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The loss of the first batch that a run draws. */
async function firstLoss(run: string, model: Model<ModelConfig>, params: Tree): Promise<number> {
  const record = (await readRun(inFolder('runs', run)))!;
  const { stores } = await openRun(inFolder('runs', run), record);
  const { length, batch, seed } = record.settings.training;
  const [first] = batchesFrom(packStore(stores.train, { length, ...textEnds(model.config) }), { batch, seed, drawn: 0 });
  const loss = causalLoss(model)(params, first!, { denominator: first!.targetCount, seed: 0 });
  const value = (await loss.data())[0]!;
  loss.dispose();
  return value;
}

describe('a run from given weights', () => {
  test.each([['one file', undefined], ['shards', 4000]] as const)('of %s begins with the loss of the model that was saved, and remembers which it was', async (what, maxShardBytes) => {
    const run = what.replace(' ', '-');
    await save(run, maxShardBytes === undefined ? {} : { maxShardBytes });
    const { code, err } = await llm(`${GIVEN} --init ${run} --name ${run}`);
    expect([code, err]).toEqual([0, '']);
    const { model, params } = await loadPretrained(inFolder('base'));
    const random = model.init(3);
    const { loss } = readMetrics(inFolder('runs', run, 'metrics.jsonl'))[0]!;
    expect(loss).toBe(await firstLoss(run, model, params));
    expect(loss).not.toBe(await firstLoss(run, model, random));
    disposeTree(params);
    disposeTree(random);

    const files = readdirSync(inFolder(run)).filter((name) => name.endsWith('.safetensors'));
    expect(files.length).toBeGreaterThan(maxShardBytes === undefined ? 0 : 1);
    const record = (await readRun(inFolder('runs', run)))!;
    expect(record.init).toEqual({ folder: run, sha256: Object.fromEntries(files.map((name) => [name, hashOf(run, name)])), nonFinite: 0 });
    expect(record.settings).toMatchObject({ tokenizer: { file: `${run}/tokenizer.json` }, model: { hidden_size: 16, vocab_size: model.config.vocabSize }, training: { lr: 5e-4 } });
    expect(record.tokenizerSha256).toBe((await readRun(inFolder('base')))!.tokenizerSha256);
    expect(hashOf('runs', run, 'model.safetensors')).not.toBe(hashOf('base', 'model.safetensors'));
  });

  test('keeps the ends of text of its config.json where the tokenizer has them, otherwise takes those of the tokenizer', async () => {
    const { settings: { model: { eos_token_id: end } } } = (await readRun(inFolder('base')))!;
    for (const [name, given, expected] of [
      ['known', { bos_token_id: end, eos_token_id: [end, 5] }, { bos_token_id: end, eos_token_id: [end, 5] }],
      ['ordinary', { bos_token_id: 6, eos_token_id: 5 }, { bos_token_id: end, eos_token_id: end }],
      ['unnamed', {}, { bos_token_id: end, eos_token_id: end }],
    ] as const) {
      await save(name, { config: { ...TINY_CONFIG, vocab_size: 300, ...given } });
      expect(await llm(`${GIVEN} --init ${name} --name ${name}`)).toMatchObject({ code: 0, err: '' });
      expect((await readRun(inFolder('runs', name)))!.settings.model).toMatchObject(expected);
    }
  });

  test('stopped before its first step and again later, goes on without the folder, to the same bits', async () => {
    await save('gone');
    const whole = await llm(`${GIVEN} --init gone --name undisturbed`);
    const before = memory().tensors;
    // The plan is told once run.json is there, before the first step.
    await llm(`${GIVEN} --init gone --name stopped`, (line) => {
      if (line.includes('Plan:')) throw new Error('as if it were killed');
    });
    expect(readdirSync(inFolder('runs/stopped')).filter((name) => name.startsWith('step-'))).toEqual(['step-0']);
    renameSync(inFolder('gone'), inFolder('elsewhere'));
    const stopped = await llm('pretrain --resume --name stopped --json', (line, stop) => { if (line.includes('"step":2,')) stop(); });
    expect(stopped.code).toBe(130);
    const last = await llm('pretrain --resume --name stopped --json');
    expect([whole.code, last.code, last.err]).toEqual([0, 0, '']);
    expect(hashOf('runs/stopped/model.safetensors')).toBe(hashOf('runs/undisturbed/model.safetensors'));
    for (const name of ['model.safetensors', 'optimizer.safetensors']) expect(hashOf('runs/stopped/step-6', name)).toBe(hashOf('runs/undisturbed/step-6', name));
    // Rotation tables of the models alone: no weights were left behind.
    expect(memory().tensors - before).toBeLessThanOrEqual(20);
  });

  test('whose checkpoints are gone does not begin with random weights', async () => {
    await save('once');
    await llm(`${GIVEN} --init once --name lost`, (line, stop) => { if (line.includes('"step":0,')) stop(); });
    for (const name of readdirSync(inFolder('runs/lost'))) if (name.startsWith('step-') || name === 'latest') rmSync(inFolder('runs/lost', name), { recursive: true });
    const { code, err } = await llm('pretrain --resume --name lost');
    expect(code).toBe(1);
    expect(err).toContain('E_NO_CHECKPOINT: llm: expected a checkpoint of a run that began with the weights of once but found none');
  });
});

describe('weights that are not finite', () => {
  test('are refused before anything else with their tensors and numbers, and told by inspect', async () => {
    await save('bad', {
      change: (params) => {
        const flat = flatten(params);
        const norm = flat['model.norm.weight']!;
        overwrite(norm, (norm.dataSync() as Float32Array).slice().fill(Number.NaN, 0, 2).fill(-Infinity, 2, 3));
        const query = flat['model.layers.0.self_attn.q_proj.weight']!;
        overwrite(query, (query.dataSync() as Float32Array).slice().fill(Number.NaN, 5, 6));
      },
    });
    const { code, out, err } = await llm(`${TEXT} --steps 2 --init bad --name bad`);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe('error: E_NON_FINITE: llm pretrain: expected finite weights in bad but found 4 that are NaN or infinite, in 2 tensors: '
      + 'model.layers.0.self_attn.q_proj.weight (1 NaN), model.norm.weight (2 NaN, 1 infinite). '
      + 'Use another checkpoint, or train on them all the same with --allow-nonfinite.\n');
    expect(existsSync(inFolder('runs/bad/run.json'))).toBe(false);

    const inspected = (await llm('inspect bad')).out;
    expect(inspected).toMatch(/model\.norm\.weight +F32 +\[16\] +64 B +2 +1\n/);
    expect(inspected).toContain('model.safetensors: 11 tensors');
    expect(inspected).toContain('2 with values that are not finite');
  });

  test('are trained on where that is allowed: those that no text reaches do no harm', async () => {
    // The vocabulary is padded, as many are; what is broken is the embedding of a token that there is none of.
    const config = { ...TINY_CONFIG, vocab_size: 320, tie_word_embeddings: false };
    await save('padded', {
      config,
      change: (params) => {
        const table = flatten(params)['model.embed_tokens.weight']!;
        overwrite(table, (table.dataSync() as Float32Array).slice().fill(Number.NaN, 310 * 16, 310 * 16 + 1));
      },
    });
    const refused = await llm(`${GIVEN} --init padded --name padded`);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('found one that is NaN or infinite, in one tensor: model.embed_tokens.weight (1 NaN). Use another') as string });
    const allowed = await llm(`${GIVEN} --init padded --name padded --allow-nonfinite`);
    expect([allowed.code, allowed.err]).toEqual([0, '']);
    expect(allowed.out).toContain('Note: the model has 320 tokens, the tokenizer 300; the others stand for no text.');
    expect(allowed.out).toContain('Note: of the weights, one value is NaN or infinite.');
    const { init, result } = (await readRun(inFolder('runs/padded')))!;
    expect(init!.nonFinite).toBe(1);
    expect(result!.evaluation.loss).toBeLessThan(7);
    // Nothing is generated that the tokenizer cannot spell, even where the model is as good as random.
    expect(await llm('generate runs/padded --temperature 5 --top-k 0 --top-p 1 --min-p 0 --max-tokens 40')).toMatchObject({ code: 0, err: '' });
  });

  test('that text reaches end the run at its first steps, with the checkpoint of before kept', async () => {
    const { code, err } = await llm(`${GIVEN} --init bad --name reached --allow-nonfinite`);
    expect(code).toBe(1);
    expect(err).toContain('E_NON_FINITE: train: expected finite loss');
    expect(readdirSync(inFolder('runs/reached')).filter((name) => name.startsWith('step-'))).toEqual(['step-0']);
  });
});

describe('what contradicts itself or is missing is told in one line', () => {
  beforeAll(async () => {
    const part = (name: string, ...files: string[]): void => {
      mkdirSync(inFolder(name));
      for (const file of files) copyFileSync(inFolder('base', file), inFolder(name, file));
    };
    part('empty');
    part('no-weights', 'config.json', 'tokenizer.json');
    part('no-tokenizer', 'config.json', 'model.safetensors');
    part('other-kind', 'tokenizer.json', 'model.safetensors');
    writeFileSync(inFolder('other-kind/config.json'), '{"model_type":"mamba"}');
    const large = await trainBpe([tinyText(200)], { vocabSize: 340, specialTokens: ['<|endoftext|>'] });
    writeFileSync(inFolder('large.json'), JSON.stringify(large.toJSON()));
    cpSync(inFolder('base'), inFolder('runs/mine'), { recursive: true });
  });

  test.each([
    ['--init base --config nano', 2, 'E_USAGE: llm pretrain: expected --init or --config but found both. The folder of the weights has a config.json: leave --config out.'],
    ['--init base --vocab-size 300', 2, 'E_USAGE: llm pretrain: expected --init or --vocab-size but found both. The weights have as many tokens as their config.json says: leave --vocab-size out.'],
    ['--init base --resume', 2, 'E_USAGE: llm pretrain: expected --resume or --init but found both. A run goes on from its checkpoints: leave --init out, or begin another run with --name.'],
    ['--allow-nonfinite', 2, 'E_USAGE: llm pretrain: expected --init with --allow-nonfinite but found none. Name the folder of the weights, or leave it out.'],
    ['--init nowhere', 1, 'E_NOT_FOUND: llm pretrain: expected --init to be the folder of a model but found nothing at FOLDER/nowhere. Give a folder with config.json, model.safetensors and tokenizer.json.'],
    ['--init large.json', 1, 'E_NOT_FOUND: llm pretrain: expected --init to be the folder of a model but found a file at FOLDER/large.json. Give a folder with config.json, model.safetensors and tokenizer.json.'],
    ['--init empty', 1, 'E_NOT_FOUND: loadPretrained: expected config.json but found none in FOLDER/empty. Give the folder of a model.'],
    ['--init no-weights', 1, 'E_NOT_FOUND: llm pretrain: expected weights in no-weights but found neither model.safetensors nor its shards. Download them, or begin with random ones: --config no-weights/config.json.'],
    ['--init no-tokenizer', 1, 'E_TOKENIZER: llm pretrain: expected tokenizer.json beside the weights but found none in no-tokenizer. Name the one that they were trained with: --tokenizer file.json.'],
    ['--init no-tokenizer --tokenizer none.json', 1, 'E_NOT_FOUND: llm pretrain: expected a tokenizer.json at FOLDER/none.json but found none. Train one with llm tokenizer train.'],
    ['--init base --tokenizer large.json', 1, 'E_TOKENIZER: llm pretrain: expected a tokenizer of at most 300 tokens, as the model in base has, but found one of 340 in large.json. Use the one that the weights were trained with.'],
    ['--init other-kind', 1, 'E_ARCHITECTURE: readConfig: expected model_type to be one of gpt2, llama, qwen2, qwen3, gemma2, gemma3_text, nanochat, mixtral, qwen3_moe, bert, roberta, t5, glm but found "mamba". Use a checkpoint of one of these.'],
    ['--init mine --name mine --fresh', 1, 'E_OUTPUT: llm pretrain: expected the run outside of the folder of its first weights but found both in runs/mine. Choose another --name.'],
    ['--init runs/mine --name mine --fresh', 1, 'E_OUTPUT: llm pretrain: expected the run outside of the folder of its first weights but found both in runs/mine. Choose another --name.'],
  ])('llm pretrain %s', async (flags, code, message) => {
    const found = await llm(`${TEXT} --steps 2 ${flags}`);
    expect(found).toEqual({ code, out: '', err: `error: ${message.replace('FOLDER', folder)}\n` });
    expect(existsSync(inFolder('runs/mine/model.safetensors'))).toBe(true);
  });

  test('the tokenizer may come from elsewhere, and weights under --fresh replace a run', async () => {
    copyFileSync(inFolder('base/tokenizer.json'), inFolder('own.json'));
    const { code, err } = await llm(`${GIVEN} --init no-tokenizer --tokenizer ${inFolder('own.json')} --name mine --fresh`);
    expect([code, err]).toEqual([0, '']);
    expect((await readRun(inFolder('runs/mine')))!.init!.folder).toBe('no-tokenizer');
  });
});
