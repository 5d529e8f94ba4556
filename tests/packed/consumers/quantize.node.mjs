import { createModel } from '@llm/model';
import { compressedTensorsFile, onnxQ4, quantize, rtn } from '@llm/quantize';
import { loadGguf, loadQuantized, saveGguf, saveOnnx, saveQuantized } from '@llm/quantize/node';
import { isWeight, useDevice } from '@llm/tensor';
import { expect } from '../expect.mjs';

await useDevice('cpu');
const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 32, n_head: 2, n_layer: 1 });
const params = model.init(0);
const { files } = await saveOnnx('onnx-model', { model, params, formats: [onnxQ4()] });
expect(files.map(({ name }) => name).join() === 'onnx/model_q4.onnx,generation_config.json,config.json', `three files but found ${files.map(({ name }) => name)}`);

const { entries } = await saveGguf('model.gguf', { model, params, mixture: 'Q8_0' });
const read = await loadGguf('model.gguf');
expect(entries.length === read.types.size && read.model.config.modelType === 'gpt2', 'a GGUF file');

const { params: small } = await quantize(params, { format: rtn({ groupSize: 32 }) });
await saveQuantized('few-bits', { model, params: small, format: compressedTensorsFile });
const few = await loadQuantized('few-bits');
expect(isWeight(few.params.transformer.h[0].mlp.c_fc.weight), 'a matrix in few bits');
