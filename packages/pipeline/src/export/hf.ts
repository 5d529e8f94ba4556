import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointDtype } from '@llm/model';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { isWeight, type Leaf, leaves, type Tensor, type Tree, unflatten } from '@llm/tensor';
import type { Exported, ExportFormat } from './format.ts';

/** The folder of transformers, vLLM and most others. */
export const hf: ExportFormat = {
  description: 'a folder for transformers and all that reads its checkpoints',
  types: ['f32', 'bf16', 'f16'],
  exact: ['f32', 'bf16', 'f16'],
  takesImportance: false,
  outOf: (name) => `${name}-hf`,
  async write({ model, params, tokenizerJson, template }, { out, type, onPart }): Promise<Exported> {
    const plain = plainTree(params);
    try {
      onPart(0, 1, 'model.safetensors');
      const dtype = type.toUpperCase() as CheckpointDtype;
      const { fileNames } = await savePretrained(out, { model, params: plain.tree, dtype, tokenizer: { json: tokenizerJson, ...(template === undefined ? {} : { config: { chat_template: template.source } }) } });
      const files = await Promise.all(fileNames.map(async (name) => ({ path: join(out, name), bytes: (await stat(join(out, name))).size })));
      const values = model.parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
      return { files, kinds: [{ type: dtype, tensors: model.parameters.length, values, bytes: values * (dtype === 'F32' ? 4 : 2) }], reopen: () => loadPretrained(out) };
    } finally {
      for (const tensor of plain.made) tensor.dispose();
    }
  },
};

/** Weights in few bits as the matrices that they stand for. */
function plainTree(params: Tree): { tree: Tree; made: readonly Tensor[] } {
  const made: Tensor[] = [];
  const tree = unflatten(leaves(params).map(([path, leaf]): [string, Leaf] => {
    if (!isWeight(leaf) || leaf.matrix === undefined) return [path, leaf];
    const matrix = leaf.matrix();
    made.push(matrix);
    return [path, matrix];
  }));
  return { tree, made };
}
