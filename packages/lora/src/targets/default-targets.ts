/** The modules that LoRA goes over where none are named, by the model type of config.json; PEFT 0.21's. */
const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  bart: ['q_proj', 'v_proj'], bert: ['query', 'value'], bloom: ['query_key_value'], chatglm: ['query_key_value'], electra: ['query', 'value'],
  falcon: ['query_key_value'], gemma: ['q_proj', 'v_proj'], gemma2: ['q_proj', 'v_proj'], gemma3_text: ['q_proj', 'v_proj'], gpt2: ['c_attn'],
  gpt_neo: ['q_proj', 'v_proj'], gpt_neox: ['query_key_value'], gptj: ['q_proj', 'v_proj'], llama: ['q_proj', 'v_proj'], mistral: ['q_proj', 'v_proj'],
  mixtral: ['q_proj', 'v_proj'], mt5: ['q', 'v'], opt: ['q_proj', 'v_proj'], phi: ['q_proj', 'v_proj', 'fc1', 'fc2'], qwen2: ['q_proj', 'v_proj'],
  qwen3: ['q_proj', 'v_proj'], roberta: ['query', 'value'], t5: ['q', 'v'], 'xlm-roberta': ['query', 'value'],
};

/** The modules that LoRA goes over by default for a model type, or undefined where nobody has agreed on any. */
export function defaultTargets(modelType: string): readonly string[] | undefined {
  return Object.hasOwn(DEFAULTS, modelType) ? DEFAULTS[modelType] : undefined;
}
