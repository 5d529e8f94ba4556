import { fromFloat32, type GgufTensor, type Tensor, writeGguf } from '@llm/tensor';
import type { Adapter } from '../adapter.ts';
import { LoraError } from '../errors.ts';
import { isLoraLayer, type LoraLayer } from '../layers/lora-layer.ts';

/** What llama.cpp calls the matrices of a layer. */
const LLAMA: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn_q', 'self_attn.k_proj': 'attn_k', 'self_attn.v_proj': 'attn_v', 'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate', 'mlp.up_proj': 'ffn_up', 'mlp.down_proj': 'ffn_down',
};
const GPT2: Readonly<Record<string, string>> = { 'attn.c_attn': 'attn_qkv', 'attn.c_proj': 'attn_output', 'mlp.c_fc': 'ffn_up', 'mlp.c_proj': 'ffn_down' };

interface Architecture { readonly name: string; readonly layer: RegExp; readonly matrices: Readonly<Record<string, string>>; readonly turned: boolean }
const llamaLike = (name: string, turned: boolean): Architecture => ({ name, layer: /^model\.layers\.(\d+)\.(.+)$/, matrices: LLAMA, turned });

/** The architectures by model type; llama.cpp turns the rows of queries and keys of Llama for its own rotary embedding. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  llama: llamaLike('llama', true), mistral: llamaLike('llama', true), qwen2: llamaLike('qwen2', false), qwen3: llamaLike('qwen3', false), gemma: llamaLike('gemma', false),
  gpt2: { name: 'gpt2', layer: /^transformer\.h\.(\d+)\.(.+)$/, matrices: GPT2, turned: false },
};

export interface LoraGgufOptions {
  readonly modelType: string;
  /** The sizes of attention, which the rows of Llama's queries and keys are turned by. */
  readonly heads: number;
  readonly kvHeads: number;
  readonly dtype?: 'F32' | 'F16';
  /** What the file calls itself. */
  readonly name?: string;
}

/**
 * The bytes of a GGUF file with a LoRA adapter, which `llama-cli --lora` takes: `general.type` adapter, `adapter.type` lora,
 * tensors `blk.0.attn_q.weight.lora_a` [r, in] and `.lora_b` [out, r].
 *
 * llama.cpp multiplies by alpha / rank with one alpha for the file; what other layers need is worked into their B.
 *
 * @throws LoraError E_ADAPTER for what llama.cpp does not take: adapters over embeddings or the head, whole parameters, DoRA, and
 * other kinds than LoRA; E_CONFIG for an architecture that is not known here.
 */
export async function loraGguf(adapter: Adapter, { modelType, heads, kvHeads, dtype = 'F32', name }: LoraGgufOptions): Promise<Uint8Array> {
  const architecture = Object.hasOwn(ARCHITECTURES, modelType) ? ARCHITECTURES[modelType]! : undefined;
  if (architecture === undefined) throw new LoraError('E_CONFIG', `loraGguf: expected one of ${Object.keys(ARCHITECTURES).join(', ')} but found ${modelType}.`);
  const whole = Object.keys(adapter.saved)[0];
  if (whole !== undefined) throw new LoraError('E_ADAPTER', `loraGguf: expected no parameters that are trained whole but found ${whole}. Merge the adapter and convert the model.`);
  const layers = Object.entries(adapter.layers);
  const alpha = layers.map(([, layer]) => (isLoraLayer(layer) ? layer.scaling * layer.settings.rank : NaN))[0] ?? 1;
  const tensors: [string, GgufTensor][] = [];
  const stored = (values: Float32Array, { shape }: Tensor): GgufTensor => ({ type: dtype, shape, data: fromFloat32(values, dtype, { shape }).data });
  for (const [module, layer] of layers) {
    if (!isLoraLayer(layer) || layer.magnitude !== undefined) throw new LoraError('E_ADAPTER', `loraGguf: expected LoRA without magnitudes but found ${isLoraLayer(layer) ? 'DoRA' : layer.kind} at ${module}. Merge the adapter and convert the model.`);
    const [, index, matrix] = architecture.layer.exec(module) ?? [];
    const called = matrix === undefined || !Object.hasOwn(architecture.matrices, matrix) ? undefined : architecture.matrices[matrix];
    if (called === undefined) throw new LoraError('E_ADAPTER', `loraGguf: expected matrices of layers but found ${module}. llama.cpp has no adapters over embeddings and the head; leave them out, or merge.`);
    const turn = architecture.turned ? { 'self_attn.q_proj': heads, 'self_attn.k_proj': kvHeads }[matrix!] : undefined;
    const path = `blk.${index}.${called}.weight`;
    tensors.push([`${path}.lora_a`, stored(await valuesOf(layer.a), layer.a)], [`${path}.lora_b`, stored(await upperOf(layer, { alpha, turn }), layer.b)]);
  }
  return writeGguf({
    'general.architecture': architecture.name, 'general.type': 'adapter', ...(name === undefined ? {} : { 'general.name': name }), 'general.file_type': { type: 'u32', value: dtype === 'F32' ? 0 : 1 },
    'general.quantization_version': { type: 'u32', value: 2 }, 'adapter.type': 'lora', 'adapter.lora.alpha': { type: 'f32', value: alpha },
  }, tensors);
}

async function valuesOf(tensor: Tensor): Promise<Float32Array> {
  return (await tensor.data() as Float32Array).slice();
}

/** B, times what alpha / rank lacks, with the halves of each head interleaved where rotary embedding goes by pairs. */
async function upperOf({ b, scaling, settings: { rank } }: LoraLayer, { alpha, turn }: { alpha: number; turn: number | undefined }): Promise<Float32Array> {
  const factor = scaling / (alpha / rank);
  const values = (await valuesOf(b)).map((value) => (factor === 1 ? value : value * factor));
  if (turn === undefined) return values;
  const rows = b.shape[0]!;
  const half = rows / turn / 2;
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const [head, within] = [Math.floor(row / (2 * half)), row % (2 * half)];
    // Row (h, i, j) of [heads, 2, half] goes to (h, j, i).
    const to = head * 2 * half + 2 * (within % half) + Math.floor(within / half);
    turned.set(values.subarray(row * rank, (row + 1) * rank), to * rank);
  }
  return turned;
}
