import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createModel, paramsFromTensors } from '@llm/model';
import type { Pretrained } from '@llm/model/node';
import { type Leaf, leaves, type RawTensor, unflatten } from '@llm/tensor';
import { readShardedFolder } from '@llm/tensor/node';
import type { QuantizationSettings } from '../config/file-format.ts';
import { quantizedLeaves } from '../config/quantized-tensors.ts';

/** The JSON of a file, or undefined where there is none. */
async function json(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new RangeError(`loadQuantized: expected JSON in ${join(folder, name)} but found ${(cause as Error).message}. Download the file again.`, { cause });
  }
}

/**
 * Reads a model folder whose config.json has a `quantization_config` of GPTQ, AWQ, compressed-tensors (pack-quantized) or bitsandbytes (NF4):
 * what is stored in few bits stays in few bits, the rest becomes float32. Everything else is as `loadPretrained` has it.
 *
 * @throws RangeError for another `quant_method` and for tensors that do not fit; ModelError and SafetensorsError as `loadPretrained`.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { compressedTensorsFile, quantize, rtn } from '@llm/quantize';
 * import { loadQuantized, saveQuantized } from '@llm/quantize/node';
 * import { isWeight, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 });
 * const { params } = await quantize(model.init(0), { format: rtn({ groupSize: 16 }) });
 * await saveQuantized('small', { model, params, format: compressedTensorsFile });
 * const again = await loadQuantized('small');
 * if (!isWeight((again.params as any).model.layers[0].mlp.up_proj.weight)) throw new Error('still in four bits');
 * ```
 */
export async function loadQuantized(folder: string): Promise<Pretrained> {
  const config = await json(folder, 'config.json');
  const { quantization_config: settings, ...rest } = config ?? {};
  if (typeof settings !== 'object' || settings === null) throw new RangeError(`loadQuantized: expected quantization_config in config.json but found none in ${folder}. Use loadPretrained.`);
  const model = createModel(rest);
  const source = await readShardedFolder(folder);
  try {
    const { leaves: quantized, used } = await quantizedLeaves(model, source.tensors.keys(), { settings: settings as QuantizationSettings, read: source.read });
    const plain = new Map<string, RawTensor>();
    for (const name of source.tensors.keys()) if (!used.has(name)) plain.set(name, await source.read(name));
    const others = paramsFromTensors({ parameters: model.parameters.filter(({ name }) => !quantized.has(name)) }, plain);
    const byPath = new Map<string, Leaf>([...leaves(others), ...quantized]);
    const params = unflatten(model.parameters.map(({ name }) => [name, byPath.get(name)!] as const));
    const generationConfig = await json(folder, 'generation_config.json');
    const tokenizerConfig = await json(folder, 'tokenizer_config.json');
    const tokenizerJson = await readFile(join(folder, 'tokenizer.json'), 'utf8').catch(() => undefined);
    return {
      model, params, config: model.config, ...(generationConfig === undefined ? {} : { generationConfig }), ...(tokenizerJson === undefined ? {} : { tokenizerJson }),
      ...(tokenizerConfig === undefined ? {} : { tokenizerConfig }),
    };
  } finally {
    await source.close();
  }
}
