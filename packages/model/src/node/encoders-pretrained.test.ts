import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeTree, flatten, memory, type RawTensor, readSafetensors, toFloat32, useDevice, writeSafetensors } from '@llm/tensor';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadEncoderDecoder, loadPretrained, type Pretrained } from './load-pretrained.ts';
import { savePretrained, type SavePretrainedOptions } from './save-pretrained.ts';

const at = (name: string): URL => new URL(`../architectures/fixtures/${name}`, import.meta.url);
let folder = '';

beforeAll(async () => {
  await useDevice();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'encoder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Tensors = Map<string, RawTensor>;
type Loaded = Pretrained<SavePretrainedOptions['model']>;
const load = (name: string, from: string): Promise<Loaded> => (name.startsWith('t5') ? loadEncoderDecoder(from) : loadPretrained(from));

/** A folder with a stored model, whose tensors and configuration may be changed. */
async function folderOf(name: string, change: (tensors: Tensors) => void = () => undefined, config: Record<string, unknown> = {}): Promise<string> {
  const json = (JSON.parse(await readFile(at('encoders.json'), 'utf8')) as Record<string, object>)[name];
  const { tensors } = readSafetensors(await readFile(at(`${name}.safetensors`)));
  const checkpoint: Tensors = new Map([...tensors].flatMap(([path, raw]) => (path.startsWith('param.') ? [[path.slice(6), raw] as const] : [])));
  change(checkpoint);
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...json, ...config }));
  await writeFile(join(folder, 'model.safetensors'), writeSafetensors(checkpoint));
  return folder;
}

const rename = (change: (name: string) => string) => (tensors: Tensors): void => {
  for (const [name, raw] of [...tensors]) {
    tensors.delete(name);
    tensors.set(change(name), raw);
  }
};
const small: RawTensor = { dtype: 'F32', shape: [1], data: new Uint8Array(4) };

describe.each(['bert', 'roberta', 't5', 't5-v1_1', 'glm'])('%s', (name) => {
  test('load, save, load: the same bits, under the same names', async () => {
    const before = memory().tensors;
    const first = await load(name, await folderOf(name));
    const theirs = readSafetensors(await readFile(join(folder, 'model.safetensors'))).tensors;
    await savePretrained(folder, first);
    const second = await load(name, folder);
    expect(second.config).toEqual(first.config);
    const ours = readSafetensors(await readFile(join(folder, 'model.safetensors'))).tensors;
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [path, { data }] of ours) expect(data, path).toEqual(theirs.get(path)!.data);
    expect(second.generationConfig).toEqual({
      bos_token_id: first.config.bosId ?? null, eos_token_id: first.config.eosIds?.[0] ?? null, pad_token_id: first.config.padId ?? null,
      ...(name.startsWith('t5') ? { decoder_start_token_id: 0 } : {}),
    });
    disposeTree(first.params);
    disposeTree(second.params);
    expect(memory().tensors).toBe(before);
  });
});

test('numbers that transformers 5 takes for decimals only are written as such', async () => {
  const loaded = await load('t5', await folderOf('t5'));
  await savePretrained(folder, loaded);
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toContain('"initializer_factor": 1.0,');
  disposeTree(loaded.params);
});

describe('checkpoints as they are found', () => {
  /** Loads what `change` makes of a stored model, and compares with the model as it is. */
  async function same(name: string, change: (tensors: Tensors) => void, config: Record<string, unknown> = {}): Promise<void> {
    const plain = await load(name, await folderOf(name));
    const changed = await load(name, await folderOf(name, change, config));
    const flat = flatten(changed.params);
    for (const [path, value] of Object.entries(flatten(plain.params))) expect([...flat[path]!.dataSync()], path).toEqual([...value.dataSync()]);
    expect(Object.keys(flat).length).toBe(Object.keys(flatten(plain.params)).length);
    disposeTree(plain.params);
    disposeTree(changed.params);
  }

  test('bert as first published: gamma and beta, a pooler, a head for next sentences, position ids, and its decoder again', async () => {
    await same('bert', (tensors) => {
      rename((name) => name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'))(tensors);
      for (const name of ['bert.pooler.dense.weight', 'bert.pooler.dense.bias', 'cls.seq_relationship.weight', 'cls.seq_relationship.bias', 'bert.embeddings.position_ids']) tensors.set(name, small);
      tensors.set('cls.predictions.decoder.weight', tensors.get('bert.embeddings.word_embeddings.weight')!);
      tensors.set('cls.predictions.decoder.bias', tensors.get('cls.predictions.bias')!);
    });
  });

  test('roberta with its decoder again', async () => {
    await same('roberta', (tensors) => {
      tensors.set('lm_head.decoder.weight', tensors.get('roberta.embeddings.word_embeddings.weight')!);
      tensors.set('lm_head.decoder.bias', tensors.get('lm_head.bias')!);
    });
  });

  test('t5 with both embeddings and the head again, and the table that nothing reads', async () => {
    await same('t5', (tensors) => {
      for (const name of ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight', 'lm_head.weight']) tensors.set(name, tensors.get('shared.weight')!);
      tensors.set('decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight', small);
    });
  });

  test('t5 1.1 of which transformers 5 says that it is tied', async () => {
    await same('t5-v1_1', () => undefined, { tie_word_embeddings: true });
  });

  test('glm behind its prefix', async () => {
    await same('glm', rename((name) => `glm.${name}`));
  });

  test.each([
    ['bert', 'cls.predictions.decoder.weight', 'bert.embeddings.word_embeddings.weight'],
    ['bert', 'cls.predictions.decoder.bias', 'cls.predictions.bias'],
    ['roberta', 'lm_head.decoder.weight', 'roberta.embeddings.word_embeddings.weight'],
    ['t5', 'encoder.embed_tokens.weight', 'shared.weight'],
  ])('%s: a second %s with other values is refused', async (name, again, of) => {
    const before = memory().tensors;
    const broken = await folderOf(name, (tensors) => {
      const raw = tensors.get(of)!;
      tensors.set(again, { ...raw, data: new Uint8Array(toFloat32(raw).map((value) => value + 1).buffer) });
    });
    await expect(load(name, broken)).rejects.toThrow(`found ${again} that differs from ${of}`);
    expect(memory().tensors).toBe(before);
  });

  test('what is missing or of no use is named', async () => {
    await expect(load('bert', await folderOf('bert', (tensors) => {
      tensors.delete('cls.predictions.bias');
      tensors.set('classifier.weight', small);
    }))).rejects.toThrow('cls.predictions.bias is missing; "classifier.weight" is no parameter of this model');
    await expect(load('t5', await folderOf('t5', () => undefined, { num_decoder_layers: 2 }))).rejects.toThrow('"decoder.block.2.');
  });

  test('each function refuses the models of the other', async () => {
    await expect(loadPretrained(await folderOf('t5'))).rejects.toMatchObject({ code: 'E_ARCHITECTURE' });
    await expect(loadEncoderDecoder(await folderOf('bert'))).rejects.toMatchObject({ code: 'E_ARCHITECTURE' });
  });
});
