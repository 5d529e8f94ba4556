import type { SftExample } from '@llm/data-quality';
import { hiddenOf, type TokenBatch } from '@llm/model';
import { div, mul, reshape, scope, sum, tensor } from '@llm/tensor';
import { onceInBatches } from '../stage/in-batches.ts';
import type { OpenModel } from '../train/open-model.ts';
import type { ScoreProgress } from './score-progress.ts';

/** Embeddings of examples, a row each. */
export interface ExampleEmbeddings {
  readonly embeddings: Float32Array;
  readonly width: number;
}

/**
 * The mean of a model's last states over the tokens of each example, [examples, width], less the mean of all rows and scaled to length 1:
 * the states of a language model have a direction in common that would make any two alike (Mu and Viswanath 2018). Longer texts are
 * judged by their first `length` tokens.
 */
export async function embedExamples(examples: readonly SftExample[], { opened: { model, params, tokenizer, bosId }, length, batch, progress, signal }: {
  readonly opened: OpenModel; readonly length: number; readonly batch: number; readonly progress: ScoreProgress; readonly signal: AbortSignal;
}): Promise<ExampleEmbeddings> {
  const { width } = model.shape;
  const rows = examples.map(({ turns }, place) => {
    const ids = tokenizer.encode(turns.map(({ content }) => content).join('\n'));
    const begun = [...(bosId === undefined ? [] : [bosId]), ...ids.subarray(0, length)].slice(0, length);
    return { place, ids: begun.length === 0 ? [0] : begun };
  }).sort((a, b) => b.ids.length - a.ids.length);
  const embeddings = new Float32Array(examples.length * width);
  for (const some of onceInBatches(rows, batch)) {
    signal.throwIfAborted();
    const means = meansOf(some.map(({ ids }) => ids), { model, params });
    const values = await means.data();
    means.dispose();
    for (const [i, { place }] of some.entries()) embeddings.set(values.subarray(i * width, (i + 1) * width) as Float32Array, place * width);
    progress.add(some.length, { tokens: some.reduce((total, { ids }) => total + ids.length, 0) });
  }
  centre(embeddings, width);
  return { embeddings, width };
}

/** Mean states of rows of tokens, [rows, width]; what fills short rows up counts for nothing and is seen by nobody. */
function meansOf(rows: readonly (readonly number[])[], { model, params }: Pick<OpenModel, 'model' | 'params'>) {
  const [count, length] = [rows.length, Math.max(...rows.map((ids) => ids.length))];
  const ids = new Int32Array(count * length);
  const positions = Int32Array.from(ids, (_, i) => i % length);
  const segments = new Int32Array(count * length).fill(1);
  const inside = new Float32Array(count * length);
  for (const [row, tokens] of rows.entries()) {
    ids.set(tokens, row * length);
    segments.fill(0, row * length, row * length + tokens.length);
    inside.fill(1, row * length, row * length + tokens.length);
  }
  const isPadded = rows.some((tokens) => tokens.length < length);
  const batch: TokenBatch = { rows: count, length, ids, positions, segments, packed: isPadded && model.shape.bidirectional === true, restarts: false };
  return scope(() => {
    const states = mul(hiddenOf(model, params, batch), tensor(inside, [count, length, 1]));
    return div(reshape(sum(states, 1), [count, model.shape.width]), tensor(Float32Array.from(rows, (tokens) => tokens.length), [count, 1]));
  });
}

function centre(rows: Float32Array, width: number): void {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  rows.forEach((value, i) => { mean[i % width]! += value / count; });
  for (let from = 0; from < rows.length; from += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (rows[from + i]! -= mean[i]!) ** 2;
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let i = 0; i < width; i++) rows[from + i]! *= scale;
  }
}
