import { useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapterCase, goldenModel, readFixture } from '../fixtures/golden.ts';
import { adapterOf } from '../adapter.ts';
import { lora } from '../lora.ts';
import { readPeft } from '../peft/read-peft.ts';
import { loraGguf } from './lora-gguf.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

describe.each([['llama-lora', 'llama'], ['llama-rslora', 'llama'], ['gpt2-lora', 'gpt2']])('%s', (name, modelType) => {
  test('is the file that the gguf package of llama.cpp writes, to the byte', async () => {
    const { adapter } = readPeft(adapterCase(name).files);
    const ours = await loraGguf(adapter, { modelType, heads: 4, kvHeads: 2 });
    const theirs = readFixture(`gguf/${name}.gguf`);
    expect(ours.length).toBe(theirs.length);
    // A float's last bit may differ where alpha is not a power of two.
    const different = ours.reduce((count, byte, i) => count + Number(byte !== theirs[i]), 0);
    expect(different).toBeLessThan(name === 'llama-rslora' ? 0.01 * ours.length : 1);
  });
});

test('what llama.cpp does not take is refused', async () => {
  const { params } = goldenModel('llama');
  const options = { modelType: 'llama', heads: 4, kvHeads: 2 };
  const refused: [Parameters<typeof lora>[1], string][] = [
    [{ targets: ['embed_tokens'] }, 'found model.embed_tokens. llama.cpp has no adapters over embeddings'], [{ targets: ['lm_head'] }, 'found lm_head'],
    [{ targets: ['q_proj'], modulesToSave: ['lm_head'] }, 'trained whole but found lm_head.weight'], [{ targets: ['q_proj'], dora: true }, 'found DoRA at'],
  ];
  for (const [choice, message] of refused) await expect(loraGguf(adapterOf(lora(params, choice)), options)).rejects.toThrow(expect.objectContaining({ code: 'E_ADAPTER', message: expect.stringContaining(message) }));
  await expect(loraGguf({ layers: {}, saved: {} }, { ...options, modelType: 'constructor' })).rejects.toThrow('expected one of llama');
});
