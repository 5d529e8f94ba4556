import { createEncoderDecoder, createModel } from '@llm/model';
import { loadEncoderDecoder, loadPretrained, savePretrained } from '@llm/model/node';
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

const t5 = createEncoderDecoder({ model_type: 't5', vocab_size: 16, d_model: 8, d_kv: 4, d_ff: 8, num_layers: 1, num_heads: 2 });
await savePretrained('pretrained-t5', { model: t5, params: t5.init(1) });
expect((await loadEncoderDecoder('pretrained-t5')).model.shape.decoderLayers === 1, 'one layer on each side');
