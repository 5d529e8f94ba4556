import type { Model, ModelConfig } from '@llm/model';
import type { LazyGgufTensor, Tree } from '@llm/tensor';
import { readGgufFile, writeGgufFile } from '@llm/tensor/node';
import { type ExportGgufOptions, type GgufEntry, planGguf } from '../gguf/export-gguf.ts';
import { type GgufModel, importGguf, type ImportGgufOptions } from '../gguf/import-gguf.ts';

export interface SaveGgufOptions extends ExportGgufOptions {
  /** Called before a tensor is read and quantized. */
  readonly onTensor?: (entry: GgufEntry, index: number) => void;
}

/**
 * Writes a model as a GGUF file, tensor by tensor, beside the old one and then in its place. Returns what was written.
 *
 * @throws as `planGguf`; errors of the file system.
 *
 * @example
 * ```ts
 * import { loadGguf, saveGguf } from '@llm/quantize/node';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 32, n_head: 2, n_layer: 1 });
 * await saveGguf('tiny.gguf', { model, params: model.init(0), mixture: 'Q8_0' });
 * const again = await loadGguf('tiny.gguf');
 * if (again.model.shape.width !== 32) throw new Error('round trip');
 * ```
 */
export async function saveGguf(
  path: string, { model, params, onTensor, ...options }: SaveGgufOptions & { readonly model: Pick<Model<ModelConfig>, 'config' | 'parameters' | 'shape'>; readonly params: Tree },
): Promise<{ readonly entries: readonly GgufEntry[] }> {
  const { keys, tensors, entries } = planGguf(model, params, options);
  const told = tensors.map(([name, tensor], i): readonly [string, LazyGgufTensor] => [name, {
    ...tensor,
    data() {
      onTensor?.(entries[i]!, i);
      return tensor.data();
    },
  }]);
  await writeGgufFile(path, keys, told);
  return { entries };
}

/**
 * Reads the model of a GGUF file, one tensor at a time. See `importGguf`.
 *
 * @throws as `importGguf`; GgufError E_NOT_FOUND, E_NOT_A_FILE.
 */
export async function loadGguf(path: string, options: ImportGgufOptions = {}): Promise<GgufModel> {
  const file = await readGgufFile(path);
  try {
    return await importGguf(file, options);
  } finally {
    await file.close();
  }
}
