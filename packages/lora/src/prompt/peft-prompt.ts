import type { Model } from '@llm/model';
import { readSafetensors, scope, type Tensor, tensor, toFloat32, type Tree, writeSafetensors } from '@llm/tensor';
import { LoraError } from '../errors.ts';
import { peftConfigText, type PeftPlace } from '../peft/peft-config.ts';
import type { PeftFiles } from '../peft/read-peft.ts';
import { PREFIX, prefixValues } from './prefix-tuning.ts';
import { PROMPT, promptEmbeddings, withBranch } from './prompt-tuning.ts';

/**
 * The files of a PEFT folder for virtual tokens or a prefix: what the encoder makes is saved, not the encoder.
 *
 * @throws LoraError E_ADAPTER for a tree that has neither.
 */
export async function writePrompt(params: Tree, { model: { shape }, baseModel, revision, taskType = 'CAUSAL_LM' }: PeftPlace & { model: Pick<Model, 'shape'> }): Promise<PeftFiles> {
  const { [PROMPT]: prompt, [PREFIX]: prefix } = params as { [PROMPT]?: Tree; [PREFIX]?: Tree };
  const branch = prompt ?? prefix;
  if (branch === undefined) throw new LoraError('E_ADAPTER', 'writePrompt: expected a tree with virtual tokens or a prefix but found neither. Make it with promptTuning, pTuning or prefixTuning.');
  const trained = prompt === undefined ? prefixValues(branch) : promptEmbeddings(branch);
  const values = await trained.data() as Float32Array;
  const [tokens = 0, width = 0] = trained.shape;
  if (!Object.values((branch['embedding'] as Tree)).includes(trained)) trained.dispose();
  const common = {
    auto_mapping: null, base_model_name_or_path: baseModel ?? null, inference_mode: true, modules_to_save: null, num_layers: shape.layers, num_transformer_submodules: 1,
    num_virtual_tokens: tokens, revision: revision ?? null, task_type: taskType,
  };
  const config = prompt === undefined
    ? { ...common, peft_type: 'PREFIX_TUNING', num_attention_heads: shape.kvHeads, token_dim: shape.kvHeads * shape.headDim, encoder_hidden_size: shape.kvHeads * shape.headDim, prefix_projection: 'transform' in branch }
    : 'mlp_head' in branch
      ? { ...common, peft_type: 'P_TUNING', num_attention_heads: shape.heads, token_dim: width, encoder_hidden_size: (branch['mlp_head'] as unknown as { 0: { bias: Tensor } })[0].bias.size, encoder_reparameterization_type: 'MLP', encoder_num_layers: 2, encoder_dropout: 0 }
      : { ...common, peft_type: 'PROMPT_TUNING', num_attention_heads: shape.heads, token_dim: width, prompt_tuning_init: 'RANDOM', prompt_tuning_init_text: null, tokenizer_name_or_path: null };
  return {
    config: peftConfigText(config),
    model: writeSafetensors(new Map([['prompt_embeddings', { dtype: 'F32' as const, shape: [tokens, width], data: new Uint8Array(values.slice().buffer) }]]), { metadata: { format: 'pt' } }),
  };
}

/**
 * The tree of a model with the virtual tokens, or the prefix, of a PEFT folder: to be run by `prompted(model)`.
 *
 * @throws LoraError E_CONFIG for a configuration of another kind, E_ADAPTER for a file without `prompt_embeddings` [tokens, width].
 */
export function readPrompt(params: Tree, { config: text, model }: PeftFiles): Tree {
  let type: unknown;
  try {
    type = (JSON.parse(text) as { peft_type?: unknown } | null)?.peft_type;
  } catch (cause) {
    throw new LoraError('E_CONFIG', `readPrompt: expected JSON in adapter_config.json but found ${(cause as Error).message}.`, { cause });
  }
  if (type !== 'PROMPT_TUNING' && type !== 'P_TUNING' && type !== 'PREFIX_TUNING') {
    throw new LoraError('E_CONFIG', `readPrompt: expected peft_type PROMPT_TUNING, P_TUNING or PREFIX_TUNING but found ${String(type).slice(0, 40)}. Other adapters are read with readPeft.`);
  }
  const raw = readSafetensors(model).tensors.get('prompt_embeddings');
  if (raw?.shape.length !== 2) throw new LoraError('E_ADAPTER', `readPrompt: expected prompt_embeddings [tokens, width] but found ${raw === undefined ? 'none' : `[${raw.shape.join(', ')}]`}.`);
  const weight = scope(() => tensor(toFloat32(raw).slice(), [...raw.shape], 'float32'));
  return withBranch('readPrompt', params, { embedding: { weight } }, type === 'PREFIX_TUNING' ? PREFIX : PROMPT);
}
