import type { Model, ModelConfig, TokenBatch } from '@llm/model';
import { disposeTree, mapLeaves, scope, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { Linear } from '../tree/linears.ts';
import { type BlockModel, blockModel } from './block-model.ts';
import { momentCounter, type MomentName, type Moments } from './moments.ts';
import { observed } from './observed.ts';

/** A block of a model with the states that reach it. */
export interface Block {
  readonly index: number;
  /** The path of its parameters. */
  readonly path: string;
  /** Runs it with these parameters on every batch, or the first `most`; what `use` returns is kept, everything else freed. */
  each<T extends Tensor | undefined>(params: Tree, use: (output: Tensor) => T, options?: { most?: number }): T[];
}

/** A batch as tensors. */
interface Inputs { readonly ids: Tensor; readonly positions?: Tensor; readonly segments?: Tensor }

function inputsOf({ rows, length, ids, positions, segments, packed, restarts, prefixes, blockPositions, tokenTypes }: TokenBatch): Inputs {
  if (prefixes !== undefined || blockPositions !== undefined || tokenTypes !== undefined) throw new RangeError('calibration: expected batches of plain text but found prefixes, block positions or token types. Use rows of a causal model.');
  const matrix = (values: Int32Array): Tensor => tensor(values, [rows, length], 'int32');
  return { ids: matrix(ids), ...(restarts ? { positions: matrix(positions) } : {}), ...(packed ? { segments: matrix(segments) } : {}) };
}

/**
 * Goes through a model block by block: `visit` sees the states that reach a block and returns the parameters, changed or not, with which
 * the next states are made (`from: 'changed'`, default) or those before (`from: 'given'`). Memory is that of the states of one depth.
 */
export async function walkBlocks(
  model: Pick<Model<ModelConfig>, 'config' | 'shape'>, params: Tree,
  { batches, from = 'changed', visit }: { batches: Iterable<TokenBatch>; from?: 'changed' | 'given'; visit: (block: Block, params: Tree) => Promise<Tree> },
): Promise<Tree> {
  const inputs = [...batches].map(inputsOf);
  if (inputs.length === 0) throw new RangeError('calibration: expected batches of text but found none. Give some thousands of tokens.');
  let states: Tensor[] | undefined;
  let tree = params;
  try {
    for (let index = 0; index < model.shape.layers; index++) {
      const one: BlockModel = blockModel(model, index);
      const each: Block['each'] = (params, use, { most = inputs.length } = {}) => (
        inputs.slice(0, most).map((given, i) => scope(() => use(one.run(params, given, states?.[i])))));
      const before = tree;
      tree = await visit({ index, path: one.path, each }, before);
      if (index === model.shape.layers - 1) break;
      const next = each(from === 'changed' ? tree : before, (output) => output);
      for (const each of states ?? []) each.dispose();
      states = next;
    }
    return tree;
  } finally {
    for (const each of states ?? []) each.dispose();
    for (const given of inputs) disposeTree({ ...given });
  }
}

/** The linear layers of a block in the order in which they run, those that read the same states together. */
export function sharedInputs(block: Block, params: Tree, linears: readonly Linear[]): Linear[][] {
  const groups: { dataId: object; linears: Linear[] }[] = [];
  const tree = withObserved(params, linears, (linear, x) => {
    if (groups.some(({ linears }) => linears.includes(linear))) return;
    const same = groups.find(({ dataId }) => dataId === x.dataId);
    if (same === undefined) groups.push({ dataId: x.dataId, linears: [linear] });
    else same.linears.push(linear);
  });
  block.each(tree, () => undefined, { most: 1 });
  // An expert that no token of the batch reaches stands by itself.
  const met = new Set(groups.flatMap(({ linears }) => linears));
  return [...groups.map(({ linears }) => linears), ...linears.filter((linear) => !met.has(linear)).map((linear) => [linear])];
}

/** What the inputs of each of these layers look like; they run with the parameters given. */
export async function momentsOf(block: Block, params: Tree, { linears, names }: { linears: readonly Linear[]; names: readonly MomentName[] }): Promise<Map<string, Moments>> {
  const counters = new Map(linears.map(({ path }) => [path, momentCounter(names)]));
  try {
    block.each(withObserved(params, linears, ({ path }, x) => counters.get(path)!.see(x)), () => undefined);
    const found = new Map<string, Moments>();
    for (const [path, counter] of counters) found.set(path, await counter.read());
    return found;
  } finally {
    for (const counter of counters.values()) counter.dispose();
  }
}

function withObserved(params: Tree, linears: readonly Linear[], see: (linear: Linear, x: Tensor) => void): Tree {
  const byPath = new Map(linears.map((linear) => [linear.path, linear]));
  return mapLeaves(params, (leaf, path) => {
    const linear = byPath.get(path);
    return linear === undefined ? leaf : observed(leaf, { transposed: linear.transposed, see: (x) => see(linear, x) });
  });
}
