import { adapterOf, attach, lora } from '@llm/lora';
import { loadAdapter, saveAdapter } from '@llm/lora/node';
import { flatten, ones, useDevice } from '@llm/tensor';
import { expect } from '../expect.mjs';

await useDevice('cpu');
const base = { proj: { weight: ones([2, 3]) } };
const adapted = lora(base, { targets: ['proj'], rank: 2 });
const { fileNames } = await saveAdapter('adapter', { adapter: adapterOf(adapted), baseModel: 'tiny' });
expect(fileNames.join() === 'adapter_config.json,adapter_model.safetensors', `two files but found ${fileNames}`);
const { adapter, config } = await loadAdapter('adapter');
expect(config.base_model_name_or_path === 'tiny', 'the name of the base');
const [first, again] = [adapted, attach(base, adapter)].map((tree) => flatten(tree)['proj.weight.lora_A'].dataSync());
expect(first.every((value, i) => value === again[i]), 'the same bits after saving and loading');
