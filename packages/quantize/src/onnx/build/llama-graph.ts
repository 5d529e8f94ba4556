import type { LlamaConfig } from '@llm/model';
import { add } from '../graph.ts';
import { addActivation } from './activation.ts';
import { addAttention, headsFirst, inHeads } from './attention.ts';
import { addFrame, addLogits, type Build } from './frame.ts';
import { headPath } from './head-path.ts';
import { rmsNorm, vector } from './norms.ts';
import { addRotary, rotate } from './rotary.ts';

/** Llama, Qwen2 and Qwen3, as `llama` of @llm/model computes them. */
export function llamaGraph(build: Build, config: LlamaConfig): void {
  const { graph, format, source, shape } = build;
  const frame = addFrame(build);
  const rotary = addRotary(build, frame, config);
  const project = (x: string, at: string): string => {
    const product = format.product(graph, x, { matrix: source.matrix(`${at}.weight`), at });
    return source.has(`${at}.bias`) ? add(graph, 'Add', [product, vector(build, `${at}.bias`, format.type)], { at }) : product;
  };
  let x = format.rows(graph, frame.ids, { matrix: source.matrix('model.embed_tokens.weight'), at: 'model.embed_tokens' });
  for (let layer = 0; layer < config.layers; layer++) {
    const root = `model.layers.${layer}`;
    const [attn, mlp] = [`${root}.self_attn`, `${root}.mlp`];
    const n = rmsNorm(build, x, { path: `${root}.input_layernorm.weight`, eps: config.normEps });
    const placed = (part: 'q' | 'k', count: number): string => {
      const heads = inHeads(build, project(n, `${attn}.${part}_proj`), { count, at: `${attn}.${part}` });
      const normed = config.qkNorm ? rmsNorm(build, heads, { path: `${attn}.${part}_norm.weight`, eps: config.normEps }) : heads;
      return rotate(build, headsFirst(build, normed, `${attn}.${part}`), { ...rotary, at: `${attn}.${part}` });
    };
    const mixed = addAttention(build, {
      layer, at: attn, q: placed('q', shape.heads), k: placed('k', shape.kvHeads),
      v: headsFirst(build, inHeads(build, project(n, `${attn}.v_proj`), { count: shape.kvHeads, at: `${attn}.v` }), `${attn}.v`),
      bias: frame.bias(config.slidingLayers?.[layer] ?? true ? config.slidingWindow : undefined),
    });
    x = add(graph, 'Add', [x, project(mixed, `${attn}.o_proj`)], { at: attn });
    const m = rmsNorm(build, x, { path: `${root}.post_attention_layernorm.weight`, eps: config.normEps });
    const gate = addActivation(build, project(m, `${mlp}.gate_proj`), { activation: config.activation, at: mlp });
    const inner = add(graph, 'Mul', [gate, project(m, `${mlp}.up_proj`)], { at: mlp });
    x = add(graph, 'Add', [x, project(inner, `${mlp}.down_proj`)], { at: mlp });
  }
  addLogits(build, rmsNorm(build, x, { path: 'model.norm.weight', eps: config.normEps }), headPath({ config, shape }));
}
