import type { Model, ModelInputs } from '@llm/model';
import { concat, embed, type Leaf, linear, scope, slice, type Tensor, type Tree, unflatten, leaves, writeRows, zeros } from '@llm/tensor';
import { PREFIX, prefixCache, prefixLayers, prefixValues } from './prefix-tuning.ts';
import { forBatch, PROMPT, promptEmbeddings, wordEmbeddings } from './prompt-tuning.ts';

/**
 * A model that puts the virtual tokens of the tree in front of every text (`promptTuning`, `pTuning`), or their keys and values in
 * every layer (`prefixTuning`). States and logits are those of the text alone; a tree without either is run as it is.
 *
 * With a cache the virtual tokens go into it first, so it needs room for them. Texts must not be packed.
 */
export function prompted<C>(model: Model<C>): Model<C> {
  const hidden: Model['hidden'] = (params, inputs, options) => {
    const { [PROMPT]: prompt, [PREFIX]: prefix, ...base } = params as Tree & { [PROMPT]?: Tree; [PREFIX]?: Tree };
    if (prompt === undefined && prefix === undefined) return model.hidden(params, inputs, options);
    const { positions, segments, cache } = inputs;
    if (positions !== undefined || segments !== undefined) throw new RangeError('prompted: expected one text a row but found packed ones. Pad the rows instead.');
    if (cache !== undefined && cache.lengths.some((length) => length > 0)) return model.hidden(base, inputs, options);
    return scope(() => (prompt === undefined ? withPrefix(model, base, prefixValues(prefix!)) : withTokens(model, base, promptEmbeddings(prompt)))(inputs, options));
  };
  return { ...model, hidden, apply: (params, inputs, options) => linear(hidden(params, inputs, options), model.head(params)) };
}

type Run = (inputs: ModelInputs, options?: Parameters<Model['hidden']>[2]) => Tensor;

function withTokens(model: Model, base: Tree, tokens: Tensor): Run {
  return (inputs, options) => {
    const { ids } = inputs;
    const [batch = 0, length = 0] = ids.shape;
    const [count = 0, width = 0] = tokens.shape;
    const [path, table] = wordEmbeddings('prompted', base);
    const front = forBatch(tokens, batch);
    const both: Leaf = {
      shape: table.shape, tensors: {}, with: () => both as never, apply: (x: Tensor) => linear(x, table),
      rows: (all: Tensor) => concat([front, embed(slice(all, [0, count], [batch, length]), table)], 1),
    };
    const tree = unflatten(leaves(base).map(([at, leaf]) => [at, at === path ? both : leaf] as const));
    // What stands in the place of virtual tokens is never looked up.
    const longer = concat([zeros([batch, count], 'int32'), ids], 1);
    return slice(model.hidden(tree, { ...inputs, ids: longer }, options), [0, count, 0], [batch, length, width]);
  };
}

function withPrefix(model: Model, base: Tree, values: Tensor): Run {
  return (inputs, options) => {
    const [batch = 0, length = 0] = inputs.ids.shape;
    const layers = prefixLayers(values, model, batch);
    if (inputs.cache === undefined) {
      const join = (before: Tensor, now: Tensor): Tensor => concat([before, now], 1);
      return model.hidden(base, { ...inputs, cache: prefixCache(layers, { length, join }) }, options);
    }
    const tokens = values.shape[0]!;
    layers.forEach(({ k, v }, i) => {
      const at = inputs.cache!.layers[i]!;
      writeRows(at.k, k, inputs.cache!.lengths);
      writeRows(at.v, v, inputs.cache!.lengths);
    });
    inputs.cache.advance(tokens);
    return model.hidden(base, inputs, options);
  };
}
