import type { Gpt2Config } from '@llm/model';
import { add } from '../graph.ts';
import { addActivation } from './activation.ts';
import { addAttention, headsFirst, inHeads } from './attention.ts';
import { addFrame, addLogits, type Build } from './frame.ts';
import { headPath } from './head-path.ts';
import { layerNorm, vector } from './norms.ts';

/** GPT-2, as `gpt2` of @llm/model computes it; its matrices are stored [in, out]. */
export function gpt2Graph(build: Build, config: Gpt2Config): void {
  const { graph, format, source, shape } = build;
  const frame = addFrame(build);
  const project = (x: string, at: string): string => {
    const product = format.product(graph, x, { matrix: source.matrix(`${at}.weight`, { transposed: true }), at });
    return add(graph, 'Add', [product, vector(build, `${at}.bias`, format.type)], { at });
  };
  const rows = (ids: string, at: string): string => format.rows(graph, ids, { matrix: source.matrix(`${at}.weight`), at });
  let x = add(graph, 'Add', [rows(frame.ids, 'transformer.wte'), rows(frame.positions, 'transformer.wpe')], { at: 'transformer' });
  for (let layer = 0; layer < config.layers; layer++) {
    const root = `transformer.h.${layer}`;
    const [attn, mlp] = [`${root}.attn`, `${root}.mlp`];
    const joined = project(layerNorm(build, x, { path: `${root}.ln_1`, eps: config.normEps }), `${attn}.c_attn`);
    const parts = ['q', 'k', 'v'].map((part) => `${attn}.${part}`);
    add(graph, 'Split', [joined], { at: attn, outputs: parts, attributes: { axis: { int: -1 } } });
    const [q, k, v] = parts.map((part) => headsFirst(build, inHeads(build, part, { count: shape.heads, at: part }), part)) as [string, string, string];
    const mixed = addAttention(build, { layer, at: attn, q, k, v, bias: frame.bias(undefined) });
    x = add(graph, 'Add', [x, project(mixed, `${attn}.c_proj`)], { at: attn });
    const inner = project(layerNorm(build, x, { path: `${root}.ln_2`, eps: config.normEps }), `${mlp}.c_fc`);
    x = add(graph, 'Add', [x, project(addActivation(build, inner, { activation: config.activation, at: mlp }), `${mlp}.c_proj`)], { at: mlp });
  }
  addLogits(build, layerNorm(build, x, { path: 'transformer.ln_f', eps: config.normEps }), headPath({ config, shape }));
}
