import { createModel } from '@llm/model';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { useDevice } from '@llm/tensor';
import { expect } from '../expect.mjs';

await useDevice('cpu');
const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
const params = model.init(1);
const { fileNames } = await savePretrained('pretrained', { model, params });
expect(fileNames.includes('config.json'), `config.json but found ${fileNames}`);
const loaded = await loadPretrained('pretrained');
const [first, again] = [params, loaded.params].map((tree) => tree.transformer?.wte.weight.dataSync() ?? tree.wte.weight.dataSync());
expect(first.every((value, i) => value === again[i]), 'the same bits after saving and loading');
