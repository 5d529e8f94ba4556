import { hiddenOf, type Model, type TokenBatch } from '@llm/model';
import { argMax, embed, exp, linear, logSoftmax, mul, reshape, scope, sub, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import { correlation, spread, type Spread } from './statistics.ts';

/** A model with its parameters. */
export interface Weighted {
  readonly model: Pick<Model, 'hidden' | 'head' | 'shape'>;
  readonly params: Tree;
}

/** Rows of text with the token that follows each, −100 where none is asked for. */
export interface TargetBatch extends TokenBatch {
  readonly targets: Int32Array;
}

/** How far a model has moved from another, in the figures that llama.cpp's `--kl-divergence` prints. */
export interface Divergence {
  readonly tokens: number;
  /** Mean PPL(Q) and Mean PPL(base). */
  readonly perplexity: number;
  readonly basePerplexity: number;
  /** Mean PPL(Q)/PPL(base), Mean ln(PPL(Q)/PPL(base)) and Cor(ln(PPL(Q)), ln(PPL(base))). */
  readonly perplexityRatio: number;
  readonly lnPerplexityRatio: number;
  readonly lnPerplexityCorrelation: number;
  /** KL(base ‖ Q) of the distributions of each token, in nats. */
  readonly kld: Spread;
  /** p_Q − p_base of the token that follows, from −1 to 1, and the root of its mean square. */
  readonly deltaP: Spread;
  readonly rmsDeltaP: number;
  /** Share of tokens whose likeliest is the same, and the rest: the flip rate. */
  readonly sameTop: number;
  readonly flips: number;
}

/** Numbers of logits that are held at a time, of each model. */
const MOST_LOGITS = 2 ** 21;
const IGNORED = -100;

/**
 * How far `changed` has moved from `base` on a text: perplexities, the spread of KL divergences, how often the likeliest token is another.
 * Logits exist for some rows at a time.
 *
 *   KL = Σ p_base · (ln p_base − ln p_Q)
 *
 * Both must have the same vocabulary; a pruned model may have another shape.
 *
 * @throws RangeError where there is no target.
 *
 * @example
 * ```ts
 * import { divergence, quantize, rtn } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = { rows: 1, length: 3, ids: row(1, 2, 3), targets: row(2, 3, -100), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false };
 * const params = model.init(0);
 * const { params: small } = await quantize(params, { format: rtn({ groupSize: 8 }) });
 * const { kld, sameTop, flips } = await divergence({ model, params }, { model, params: small }, { batches: [batch] });
 * if (kld.mean <= 0 || sameTop + flips !== 1) throw new Error('a little away');
 * ```
 */
export async function divergence(base: Weighted, changed: Weighted, { batches }: { readonly batches: Iterable<TargetBatch> }): Promise<Divergence> {
  const found: Record<'kl' | 'base' | 'changed', number[]> = { kl: [], base: [], changed: [] };
  let same = 0;
  for (const batch of batches) {
    const counted = Array.from(batch.targets.keys()).filter((at) => batch.targets[at] !== IGNORED);
    const size = Math.max(1, Math.floor(MOST_LOGITS / base.model.shape.vocabSize));
    const states = [base, changed].map(({ model, params }) => scope(() => reshape(hiddenOf(model, params, batch), [batch.ids.length, model.shape.width])));
    try {
      for (let from = 0; from < counted.length; from += size) {
        const part = counted.slice(from, from + size);
        const made = scope(() => rowFigures([base, changed].map((each, i) => ({ ...each, states: states[i]! })), part, batch.targets));
        const [kl, first, second, top, otherTop] = await Promise.all(made.map((each) => each.data()));
        for (const each of made) each.dispose();
        for (let i = 0; i < part.length; i++) {
          found.kl.push(kl![i]!);
          found.base.push(first![i]!);
          found.changed.push(second![i]!);
          same += Number(top![i] === otherTop![i]);
        }
      }
    } finally {
      for (const each of states) each.dispose();
    }
  }
  const tokens = found.kl.length;
  if (tokens === 0) throw new RangeError('divergence: expected batches with targets but found none. Give rows of text and the tokens that follow.');
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / tokens;
  const [ln, lnBase] = [-mean(found.changed), -mean(found.base)];
  const moved = found.changed.map((value, i) => Math.exp(value) - Math.exp(found.base[i]!));
  return {
    tokens, perplexity: Math.exp(ln), basePerplexity: Math.exp(lnBase), perplexityRatio: Math.exp(ln - lnBase), lnPerplexityRatio: ln - lnBase,
    lnPerplexityCorrelation: correlation(found.changed, found.base), kld: spread(found.kl), deltaP: spread(moved), rmsDeltaP: Math.sqrt(mean(moved.map((value) => value * value))),
    sameTop: same / tokens, flips: (tokens - same) / tokens,
  };
}

/** For some rows: KL, ln p of the target under both, and the likeliest token of both. */
function rowFigures(both: readonly (Weighted & { readonly states: Tensor })[], rows: readonly number[], targets: Int32Array): Tensor[] {
  const ids = tensor(Int32Array.from(rows), [rows.length], 'int32');
  const [base, changed] = both.map(({ model, params, states }) => logSoftmax(linear(embed(ids, states), model.head(params)))) as [Tensor, Tensor];
  const vocab = base.shape[1]!;
  const places = tensor(Int32Array.from(rows, (at, i) => i * vocab + targets[at]!), [rows.length], 'int32');
  const ofTarget = (logs: Tensor): Tensor => reshape(embed(places, reshape(logs, [rows.length * vocab, 1])), [rows.length]);
  return [sum(mul(exp(base), sub(base, changed)), 1), ofTarget(base), ofTarget(changed), argMax(base, 1), argMax(changed, 1)];
}
