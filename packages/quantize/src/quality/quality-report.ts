import { generate, greedy, type Model } from '@llm/model';
import { flatten, type Tree } from '@llm/tensor';
import { type Divergence, divergence, type TargetBatch, type Weighted } from './divergence.ts';
import { type LayerError, layerErrors, type WeightError, weightErrors } from './errors.ts';
import { type Sensitivity, sensitivity } from './sensitivity.ts';

/** What a smaller model costs and what it saves. */
export interface QualityReport {
  readonly divergence: Divergence;
  readonly layers: readonly LayerError[];
  readonly weights: readonly WeightError[];
  readonly sensitivity: readonly Sensitivity[];
  readonly bytes: { readonly base: number; readonly changed: number };
  /** Tokens of a greedy continuation each second, one row. */
  readonly tokensPerSecond?: { readonly base: number; readonly changed: number };
}

export interface QualityOptions {
  /** Text that was not used for calibration. */
  readonly batches: Iterable<TargetBatch>;
  /** Tokens that are written to measure the speed; default 0, not measured. */
  readonly decodeTokens?: number;
  /** Goes through the text once more for each block to find which hurts most; default true. */
  readonly sensitivity?: boolean;
}

/** Bytes of the tensors of a tree, shared ones once. */
export function treeBytes(params: Tree): number {
  return [...new Set(Object.values(flatten(params)))].reduce((sum, { size }) => sum + 4 * size, 0);
}

/**
 * Everything that is to be known of a model in few bits, or with fewer weights, beside the one that it was made of: divergence, errors of
 * states and weights, which block hurts most, size and speed.
 *
 * `weights` is empty where the method moved norms too, since matrices are then scaled.
 *
 * @example
 * ```ts
 * import { qualityReport, quantize, rtn } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 });
 * const params = model.init(0);
 * const ids = Int32Array.from({ length: 32 }, (_, i) => (i * 5) % 16);
 * const batch = { rows: 1, length: 32, ids, targets: ids, positions: Int32Array.from(ids.keys()), segments: new Int32Array(32), packed: false, restarts: false };
 * const { params: small } = await quantize(params, { format: rtn({ groupSize: 16 }) });
 * const { bytes, sensitivity } = await qualityReport({ model, params }, { model, params: small }, { batches: [batch] });
 * if (bytes.changed >= bytes.base || sensitivity[0]?.part !== 'model.layers.0') throw new Error('smaller, and the one block to blame');
 * ```
 */
export async function qualityReport(
  base: Weighted & { readonly model: Model }, changed: Weighted & { readonly model: Model }, { batches, decodeTokens = 0, sensitivity: withSensitivity = true }: QualityOptions,
): Promise<QualityReport> {
  const text = [...batches];
  const sameShape = JSON.stringify(base.model.shape) === JSON.stringify(changed.model.shape);
  const [plain, moved] = [flatten(base.params), flatten(changed.params)];
  const scaled = Object.entries(plain).some(([path, { rank }]) => rank === 1 && moved[path] !== undefined && moved[path] !== plain[path]);
  return {
    divergence: await divergence(base, changed, { batches: text }),
    layers: sameShape ? await layerErrors(base, changed, { batches: text }) : [],
    weights: sameShape && !scaled ? await weightErrors(base.params, changed.params) : [],
    sensitivity: sameShape && withSensitivity ? await sensitivity(base, changed, { batches: text }) : [],
    bytes: { base: treeBytes(base.params), changed: treeBytes(changed.params) },
    ...(decodeTokens === 0 ? {} : { tokensPerSecond: { base: await decodeSpeed(base, text[0]!, decodeTokens), changed: await decodeSpeed(changed, text[0]!, decodeTokens) } }),
  };
}

/** Tokens a second of a greedy continuation; the first two, which may compile, are not counted. */
async function decodeSpeed({ model, params }: { model: Model; params: Tree }, { ids, length }: TargetBatch, tokens: number): Promise<number> {
  const most = model.shape.maxPositions;
  const count = Math.max(1, Math.min(tokens, most - 6));
  const prompt = ids.slice(0, Math.min(length, 8, most - count - 3));
  let [seen, start] = [0, 0];
  for await (const _ of generate(model, params, [prompt], { maxTokens: count + 2, sampler: greedy, eosIds: [] })) {
    void _;
    if (++seen === 2) start = performance.now();
  }
  return (1000 * (seen - 2)) / (performance.now() - start);
}
