// What is written of a tree, and how it is put into few bits, does not change where its matrices are held in blocks of rows.
import { createModel } from '@llm/model';
import { int4, type Leaf, leaves, mapLeaves, rowBlocks, slice, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { compressedTensorsFile } from '../config/compressed-tensors-file.ts';
import { quantizedTensors } from '../config/quantized-tensors.ts';
import { exportGguf } from '../gguf/export-gguf.ts';
import { quantize } from '../methods/quantize.ts';
import { rtn } from '../methods/rtn.ts';
import { onnxFloat32 } from '../onnx/formats/float.ts';
import { onnxModel } from '../onnx/onnx-model.ts';
import { onnxBytes } from '../onnx/write-onnx.ts';
import { holdZeros } from '../prune/hold-zeros.ts';
import { magnitude } from '../prune/magnitude.ts';
import { prune } from '../prune/prune.ts';
import { fakeQuantized } from '../qat/fake-quantized.ts';

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

  test('are pruned as whole ones are, and what would have to hold them in one tensor is refused', async () => {
    const options = { pruner: magnitude({ pattern: [2, 4] }) } as const;
    const [pruned, prunedCut] = [await prune(whole, options), await prune(cut, options)].map((params) => leaves(params).find(([path]) => path.includes('up_proj'))![1] as Tensor);
    expect(prunedCut!.dataSync()).toEqual(pruned!.dataSync());
    await expect(holdZeros(cut)).rejects.toThrow('holdZeros: expected a matrix in one tensor but found row blocks at model.layers.0.mlp.up_proj.weight');
    expect(() => fakeQuantized(cut, { format: int4({ blockSize: 16 }) })).toThrow('fakeQuantized: expected a matrix in one tensor but found row blocks at model.layers.0.mlp.up_proj.weight');
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
