import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Model, ModelConfig } from '@llm/model';
import { savePretrained, type SavePretrainedOptions } from '@llm/model/node';
import { leaves, unflatten } from '@llm/tensor';
import { writeShardedFolder } from '@llm/tensor/node';
import type { FileFormat } from '../config/file-format.ts';
import { isInFewBits, quantizedTensors } from '../config/quantized-tensors.ts';

export interface SaveQuantizedOptions extends Omit<SavePretrainedOptions, 'model'> {
  readonly model: Pick<Model<ModelConfig>, 'config' | 'parameters'>;
  readonly format: FileFormat;
}

/**
 * Writes a model folder whose matrices in few bits are stored as `format` has them, which transformers and vLLM read with the library of that
 * format, and `loadQuantized` here. Everything else is as `savePretrained` writes it.
 *
 * @throws RangeError where the format cannot hold a matrix, before anything is written; ModelError as `savePretrained`.
 */
export async function saveQuantized(folder: string, { model, params, format, dtype = 'F32', maxShardBytes, ...rest }: SaveQuantizedOptions): Promise<{ fileNames: string[] }> {
  const { tensors, settings } = await quantizedTensors(model, params, { format, dtype });
  const packed = new Set(leaves(params).filter(([, leaf]) => isInFewBits(leaf)).map(([path]) => path));
  // The texts, and weights that the next step replaces.
  const plain = { config: model.config, parameters: model.parameters.filter(({ name }) => !packed.has(name)) };
  const { fileNames } = await savePretrained(folder, { model: plain, params: unflatten(leaves(params).filter(([path]) => !packed.has(path))), dtype, ...rest });
  const written = await writeShardedFolder(folder, tensors, { metadata: { format: 'pt' }, ...(maxShardBytes === undefined ? {} : { maxShardBytes }) });
  const place = join(folder, 'config.json');
  // Put at the end of the text as it is: its numbers keep their decimal points, which readers want.
  const text = await readFile(place, 'utf8');
  const added = JSON.stringify({ quantization_config: settings }, null, 2).slice(1);
  await writeFile(`${place}.tmp`, `${text.trimEnd().slice(0, -1).trimEnd()},${added}\n`, { flush: true });
  await rename(`${place}.tmp`, place);
  return { fileNames: [...new Set([...written.fileNames, ...fileNames.filter((name) => !name.endsWith('.safetensors') && !name.endsWith('.index.json'))])] };
}
