import {
  type Activation, add, attention, embed, layerNorm, type Leaf, linear, scope, splitColumns, type Tensor, tensor, type Tree,
} from '@llm/tensor';
import type { SpecialIds } from '../config/special-ids.ts';
import { dropped } from '../layers/dropped.ts';
import { assembled } from '../layers/assembled.ts';
import type { Parameter } from '../layers/parameters.ts';
import { positionsNeeded } from '../layers/positions-needed.ts';
import { refuseInputs } from '../layers/refuse-inputs.ts';
import { reshaped } from '../layers/reshaped.ts';
import { type Capture, runLayers } from '../layers/run-layers.ts';
import type { ApplyOptions, Model, ModelInputs } from '../model.ts';
import type { ModelShape } from '../model-shape.ts';

/** The sizes and switches of a GPT-2. */
export interface Gpt2Config extends SpecialIds {
  readonly modelType: 'gpt2';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly maxPositions: number;
  readonly normEps: number;
  readonly activation: Activation;
  readonly embeddingDropout: number;
  readonly residualDropout: number;
  readonly tied: boolean;
  readonly initStd: number;
}

interface Affine { readonly weight: Tensor; readonly bias: Tensor }
interface Conv1d { readonly weight: Leaf; readonly bias: Tensor }
interface Layer {
  readonly ln_1: Affine;
  readonly attn: { readonly c_attn: Conv1d; readonly c_proj: Conv1d };
  readonly ln_2: Affine;
  readonly mlp: { readonly c_fc: Conv1d; readonly c_proj: Conv1d };
}
interface Params {
  readonly transformer: {
    readonly wte: { readonly weight: Leaf }; readonly wpe: { readonly weight: Leaf }; readonly h: Tree; readonly ln_f: Affine;
  };
  readonly lm_head?: { readonly weight: Leaf };
}

/**
 * GPT-2: learned positions, pre-norm blocks of multi-head attention and a GELU MLP; matrices are stored [in, out].
 *
 *   x ← x + W_o · attention(W_qkv · layerNorm(x));  x ← x + W_proj · gelu(W_fc · layerNorm(x))
 *
 * Radford et al. 2019, "Language models are unsupervised multitask learners".
 */
export function gpt2(config: Gpt2Config): Model<Gpt2Config> {
  const { heads, hiddenSize, normEps: eps } = config;
  const headDim = hiddenSize / heads;
  const shape: ModelShape = {
    vocabSize: config.vocabSize, width: hiddenSize, layers: config.layers, heads, kvHeads: heads, headDim,
    maxPositions: config.maxPositions, mlpWidth: config.intermediateSize, mlpInputs: 1, tied: config.tied,
  };
  const parameters = parametersOf(config);

  const layer = (
    x: Tensor, { ln_1, attn, ln_2, mlp }: Layer,
    { index, capture, inputs: { segments, prefixes, cache }, options }: { index: number; capture: Capture | undefined; inputs: ModelInputs; options: ApplyOptions },
  ): Tensor => {
    const [batch = 0, length = 0] = x.shape;
    const dropping = options.dropoutSeed !== undefined && config.residualDropout > 0;
    const project = (x: Tensor, { weight, bias }: Conv1d, residual: Tensor, site: number): Tensor => (dropping
      ? add(residual, dropped(linear(x, weight, { bias, transposed: true }), config.residualDropout, { seed: options.dropoutSeed, site }))
      : linear(x, weight, { bias, residual, transposed: true }));
    const joined = linear(layerNorm(x, ln_1.weight, { bias: ln_1.bias, eps }), attn.c_attn.weight, { bias: attn.c_attn.bias, transposed: true });
    const [q, newK, newV] = splitColumns(joined, 3, { shape: [batch, length, heads, headDim] }) as [Tensor, Tensor, Tensor];
    const { k, v } = cache?.append(index, newK, newV) ?? { k: newK, v: newV };
    const mixed = attention(q, k, v, { segments, prefixes, ...cache?.place(length) });
    const attended = project(reshaped(mixed, [batch, length, hiddenSize]), attn.c_proj, x, 2 * index + 1);
    capture?.(`transformer.h.${index}.attn`, attended);
    const inner = linear(layerNorm(attended, ln_2.weight, { bias: ln_2.bias, eps }), mlp.c_fc.weight, {
      bias: mlp.c_fc.bias, activation: config.activation, transposed: true,
    });
    const y = project(inner, mlp.c_proj, attended, 2 * index + 2);
    capture?.(`transformer.h.${index}.mlp`, y);
    return y;
  };

  const head = (params: Tree): Leaf => {
    const { transformer, lm_head } = params as unknown as Params;
    return lm_head?.weight ?? transformer.wte.weight;
  };

  const hidden: Model['hidden'] = (params, inputs, options = {}) => {
    const { wte, wpe, h, ln_f } = (params as unknown as Params).transformer;
    refuseInputs(inputs, { name: 'gpt2', unused: ['blockPositions', 'tokenTypes'] });
    const [batch = 0, length = 0] = inputs.ids.shape;
    const needed = positionsNeeded(inputs, shape);
    if (needed > config.maxPositions) {
      throw new RangeError(`gpt2: expected at most ${config.maxPositions} positions but found ${needed}. Shorten the text.`);
    }
    const positions = inputs.positions ?? inputs.cache?.positions(length)
      ?? tensor(Int32Array.from({ length: batch * length }, (_, i) => i % length), [batch, length], 'int32');
    const embedded = scope(() => dropped(add(embed(inputs.ids, wte.weight), embed(positions, wpe.weight)), config.embeddingDropout, { seed: options.dropoutSeed, site: 0 }));
    const x = runLayers(embedded, h, {
      count: config.layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs,
      layer: (x, params, at) => layer(x, params as unknown as Layer, { ...at, options }),
    });
    inputs.cache?.advance(length);
    return layerNorm(x, ln_f.weight, { bias: ln_f.bias, eps });
  };

  return assembled({ config, shape, parameters, hidden, head });
}

/** Matrices begin as N(0, initStd²), the projections onto the residual stream with a further 1/√(2 · layers). */
function parametersOf({ hiddenSize, intermediateSize, vocabSize, maxPositions, layers, initStd, tied }: Gpt2Config): Parameter[] {
  const found: Parameter[] = [];
  const conv = (name: string, [from, to]: readonly [number, number], std: number): void => {
    found.push({ name: `${name}.weight`, shape: [from, to], initial: std }, { name: `${name}.bias`, shape: [to], initial: 'zeros' });
  };
  const norm = (name: string): void => {
    found.push({ name: `${name}.weight`, shape: [hiddenSize], initial: 'ones' }, { name: `${name}.bias`, shape: [hiddenSize], initial: 'zeros' });
  };
  const residualStd = initStd / Math.sqrt(2 * layers);
  found.push({ name: 'transformer.wte.weight', shape: [vocabSize, hiddenSize], initial: initStd });
  found.push({ name: 'transformer.wpe.weight', shape: [maxPositions, hiddenSize], initial: initStd });
  for (let i = 0; i < layers; i++) {
    const at = `transformer.h.${i}`;
    norm(`${at}.ln_1`);
    conv(`${at}.attn.c_attn`, [hiddenSize, 3 * hiddenSize], initStd);
    conv(`${at}.attn.c_proj`, [hiddenSize, hiddenSize], residualStd);
    norm(`${at}.ln_2`);
    conv(`${at}.mlp.c_fc`, [hiddenSize, intermediateSize], initStd);
    conv(`${at}.mlp.c_proj`, [intermediateSize, hiddenSize], residualStd);
  }
  norm('transformer.ln_f');
  if (!tied) found.push({ name: 'lm_head.weight', shape: [vocabSize, hiddenSize], initial: initStd });
  return found;
}
