// What is written of a tree, and how it is put into few bits, does not change where its matrices are held in blocks of rows.
import { createModel } from '@llm/model';
import { type Leaf, mapLeaves, rowBlocks, slice, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { compressedTensorsFile } from '../config/compressed-tensors-file.ts';
import { quantizedTensors } from '../config/quantized-tensors.ts';
import { exportGguf } from '../gguf/export-gguf.ts';
import { quantize } from '../methods/quantize.ts';
import { rtn } from '../methods/rtn.ts';
import { onnxFloat32 } from '../onnx/formats/float.ts';
import { onnxModel } from '../onnx/onnx-model.ts';
import { onnxBytes } from '../onnx/write-onnx.ts';

const model = createModel({ model_type: 'llama', vocab_size: 40, hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, tie_word_embeddings: false });

describe('an embedding, a head and a matrix of a layer in blocks', () => {
  let [whole, cut]: [Tree, Tree] = [{}, {}];
  beforeAll(async () => {
    await useDevice('wasm');
    whole = model.init(3);
    cut = mapLeaves(whole, (leaf, path): Leaf => {
      if (!/embed_tokens|lm_head|up_proj/.test(path)) return leaf;
      const [rows = 0, width = 0] = leaf.shape;
      return rowBlocks([slice(leaf as Tensor, [0, 0], [9, width]), slice(leaf as Tensor, [9, 0], [rows - 9, width])]);
    });
  });

  test.each(['F16', 'Q8_0'] as const)('are the same GGUF file in %s', async (mixture) => {
    expect(await exportGguf(model, cut, { mixture })).toEqual(await exportGguf(model, whole, { mixture }));
  });

  test('are the same ONNX graph', async () => {
    const [a, b] = [whole, cut].map((params) => onnxModel(model, params, { format: onnxFloat32() }));
    expect(await onnxBytes(b!)).toEqual(await onnxBytes(a!));
  });

  test('go into few bits as whole ones do, or stay in the file as they are', async () => {
    const stored = async (params: Tree, include: (path: string) => boolean): Promise<unknown> => {
      const { params: small, skipped } = await quantize(params, { format: rtn({ groupSize: 16 }), include });
      expect(skipped).toEqual([]);
      return quantizedTensors(model, small, { format: compressedTensorsFile });
    };
    for (const include of [() => true, (path: string) => path.includes('up_proj'), (path: string) => path.includes('self_attn')]) {
      expect(await stored(cut, include)).toEqual(await stored(whole, include));
    }
  });
});
