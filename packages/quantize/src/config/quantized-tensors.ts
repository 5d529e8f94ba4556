import { type Model, type ModelConfig, tensorsFromParams } from '@llm/model';
import { isWeight, type Leaf, leaves, type RawTensor, type Tree, unflatten, type Weight, type WritableTensor } from '@llm/tensor';
import { type Linear, linearsOf } from '../tree/linears.ts';
import { awqFile } from './awq-file.ts';
import { bitsandbytesFile } from './bitsandbytes-file.ts';
import { compressedTensorsFile } from './compressed-tensors-file.ts';
import type { FileFormat, QuantizationSettings, StoredModule } from './file-format.ts';
import { gptqFile } from './gptq-file.ts';

const FORMATS: readonly FileFormat[] = [gptqFile, awqFile, compressedTensorsFile, bitsandbytesFile];

/** What a checkpoint with matrices in few bits consists of. */
export interface QuantizedTensors {
  readonly tensors: Map<string, WritableTensor>;
  /** For `quantization_config` in config.json. */
  readonly settings: QuantizationSettings;
}

/** Whether it is stored in a format of its own, and not as the matrix that its tensors are blocks of. */
export const isInFewBits = (leaf: Leaf): boolean => isWeight(leaf) && leaf.data === undefined;
const moduleOf = (path: string): string => path.replace(/\.weight$/, '');

/**
 * The tensors of a model whose matrices are in few bits as other programs store them, with what config.json has to say. `dtype` (default
 * F32) is that of everything that is not in few bits.
 *
 * @throws RangeError where the format cannot hold a matrix, naming the module and what to do.
 *
 * @example
 * ```ts
 * import { compressedTensorsFile, quantize, quantizedTensors, rtn } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 });
 * const params = model.init(0);
 * const ids = Int32Array.from({ length: 32 }, (_, i) => (i * 5) % 16);
 * const batch = { rows: 1, length: 32, ids, targets: ids, positions: Int32Array.from(ids.keys()), segments: new Int32Array(32), packed: false, restarts: false };
 * const { params: small } = await quantize(params, { format: rtn({ groupSize: 16 }) });
 * const { tensors, settings } = await quantizedTensors(model, small, { format: compressedTensorsFile });
 * if (!tensors.has('model.layers.0.mlp.up_proj.weight_packed') || settings.quant_method !== 'compressed-tensors') throw new Error('as vLLM reads it');
 * ```
 */
export async function quantizedTensors(
  model: Pick<Model<ModelConfig>, 'parameters'>, params: Tree, { format, dtype = 'F32' }: { readonly format: FileFormat; readonly dtype?: 'F32' | 'F16' | 'BF16' },
): Promise<QuantizedTensors> {
  const all = leaves(params);
  const packed = new Map(all.filter(([, leaf]) => isInFewBits(leaf)).map(([path, leaf]) => [moduleOf(path), leaf]));
  if (packed.size === 0) throw new RangeError('quantizedTensors: expected matrices in few bits but found none. Quantize the tree first, or save it with savePretrained.');
  const linears = linearsOf(params, { include: (path) => !/(?:embed_tokens|wte|wpe)\.weight$/.test(path) }).map(({ path }) => moduleOf(path));
  // A tied head is a layer of its own in other programs.
  const left = [...new Set([...linears, 'lm_head'])].filter((module) => !packed.has(module));
  const settings = format.settings(packed, left);
  const plain = { parameters: model.parameters.filter(({ name }) => !packed.has(moduleOf(name)) || !name.endsWith('.weight')) };
  const tensors = new Map<string, WritableTensor>(await tensorsFromParams(plain, unflatten(all.filter(([, leaf]) => !isInFewBits(leaf))), { dtype }));
  for (const [module, leaf] of packed) {
    for (const [name, made] of Object.entries(await format.pack(module, leaf, settings))) tensors.set(`${module}.${name}`, made);
  }
  return { tensors, settings };
}

/** The format that settings of a config.json name. */
function formatOf(settings: QuantizationSettings): FileFormat {
  const found = FORMATS.find(({ method }) => method === settings['quant_method']);
  if (found === undefined || (found.method === 'compressed-tensors' && settings['format'] !== 'pack-quantized')) {
    throw new RangeError(`loadQuantized: expected quantization_config of ${FORMATS.map(({ method }) => method).join(', ')} (pack-quantized) but found ${JSON.stringify([settings['quant_method'], settings['format']]).slice(0, 80)}. Use an unquantized checkpoint and quantize it here.`);
  }
  return found;
}

/**
 * The matrices that a checkpoint stores in few bits, by their paths, and the names of the stored tensors that they are made of. `read` gets
 * a tensor when its turn comes.
 *
 * @throws RangeError for another `quant_method`, for tensors that do not fit the model, and for damaged ones.
 */
export async function quantizedLeaves(
  model: Pick<Model, 'parameters'>, stored: Iterable<string>, { settings, read }: { readonly settings: QuantizationSettings; readonly read: (name: string) => Promise<RawTensor> },
): Promise<{ leaves: Map<string, Weight>; used: Set<string> }> {
  const format = formatOf(settings);
  const names = [...stored];
  const modules = new Set(names.filter((name) => name.endsWith(`.${format.mark}`)).map((name) => name.slice(0, -format.mark.length - 1)));
  const found = new Map<string, Weight>();
  const used = new Set<string>();
  try {
    for (const { name: path, shape } of model.parameters) {
      const name = moduleOf(path);
      if (!path.endsWith('.weight') || shape.length !== 2 || !modules.has(name)) continue;
      const tensors = new Map<string, RawTensor>();
      for (const each of names) {
        if (!each.startsWith(`${name}.`) || !format.parts.test(each.slice(name.length + 1))) continue;
        tensors.set(each.slice(name.length + 1), await read(each));
        used.add(each);
      }
      found.set(path, format.unpack(storedModule(name, path, shape), tensors, settings));
    }
    return { leaves: found, used };
  } catch (error) {
    for (const { tensors } of found.values()) for (const tensor of Object.values(tensors)) tensor.dispose();
    throw error;
  }
}

function storedModule(name: string, path: string, shape: readonly number[]): StoredModule {
  // What a linear layer of this path would be.
  const [linear] = linearsOf(unflatten([[path, { shape, dataId: {} } as unknown as Leaf]]), { include: () => true }) as [Linear];
  return { name, outputs: linear.outputs, inputs: linear.inputs, transposed: linear.transposed };
}
