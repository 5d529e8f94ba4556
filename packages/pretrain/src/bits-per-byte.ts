import { hiddenOf, type Model } from '@llm/model';
import { embed, linearCrossEntropy, reshape, scope, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { CausalBatch } from './collate.ts';
import { IGNORED } from './packing/pack-documents.ts';

export interface Evaluation {
  /** Comparable between tokenizers. */
  readonly bitsPerByte: number;
  /** Mean over all targets, in nats, and e to its power. */
  readonly loss: number;
  readonly perplexity: number;
  readonly targets: number;
  /** Bytes of the text that the targets spell. */
  readonly bytes: number;
}

/**
 * How well a model predicts text, in units that do not depend on the tokenizer.
 *
 *   bits per byte = Σ −ln p(target) / (ln 2 · Σ bytes(target)),  over targets of at least one byte
 *
 * `tokenBytes` has the number of bytes of each token by id, 0 for special tokens: these count for `loss` and `perplexity` only.
 * `batches` are those of held-out rows, as `batchesInOrder` gives them.
 *
 * @throws RangeError where there is no target, or none with bytes.
 */
export async function bitsPerByte(
  model: Pick<Model, 'hidden' | 'head' | 'shape'>,
  params: Tree,
  { batches, tokenBytes }: { readonly batches: Iterable<CausalBatch>; readonly tokenBytes: ArrayLike<number> },
): Promise<Evaluation> {
  let [nats, specialNats, targets, bytes] = [0, 0, 0, 0];
  for (const batch of batches) {
    const special: number[] = [];
    batch.targets.forEach((target, at) => {
      if (target === IGNORED) return;
      const size = tokenBytes[target];
      if (size === undefined) throw new RangeError(`bitsPerByte: expected tokenBytes for every id but found none for ${target}. Give one number for each id of the tokenizer.`);
      targets++;
      bytes += size;
      if (size === 0) special.push(at);
    });
    if (batch.targetCount === 0) continue;
    const found = scope(() => {
      const hidden = hiddenOf(model, params, batch);
      const rows = reshape(hidden, [batch.ids.length, model.shape.width]);
      const head = model.head(params);
      const sum = (states: Tensor, wanted: Int32Array): Tensor => (
        linearCrossEntropy(states, head, tensor(wanted, [wanted.length], 'int32'), { ignoreIndex: IGNORED, denominator: 1 })
      );
      return [sum(rows, batch.targets), ...(special.length === 0 ? [] : [sum(embed(tensor(special, [special.length], 'int32'), rows), Int32Array.from(special, (at) => batch.targets[at]!))])];
    });
    const [all = 0, ofSpecial = 0] = await Promise.all(found.map(async (sum) => (await sum.data())[0]!));
    for (const sum of found) sum.dispose();
    nats += all;
    specialNats += ofSpecial;
  }
  if (targets === 0) throw new RangeError('bitsPerByte: expected batches with targets but found none. Check the validation split.');
  if (bytes === 0) throw new RangeError('bitsPerByte: expected targets that spell some bytes but found only special tokens. Check tokenBytes.');
  const loss = nats / targets;
  return { bitsPerByte: (nats - specialNats) / (Math.LN2 * bytes), loss, perplexity: Math.exp(loss), targets, bytes };
}
