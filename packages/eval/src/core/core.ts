import type { Model } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { EvalError } from '../eval-error.ts';
import { pythonRandom } from '../python/random.ts';
import type { TokenPair } from '../requests/encode-pair.ts';
import type { Loglikelihood } from '../requests/request.ts';
import { planRows } from '../scoring/plan-rows.ts';
import { scoreFamily } from '../scoring/score-rows.ts';
import { type CoreItem, corePrompts } from './core-prompts.ts';
import type { CoreTask } from './core-tasks.ts';

/** What scores continuations that are given as ids. */
export type TokenScorer = (pairs: readonly TokenPair[]) => Promise<Loglikelihood[]>;

export interface TokenScorerOptions {
  /** Tokens that run at once; default 2,048. */
  readonly batchTokens?: number;
  readonly signal?: AbortSignal;
}

/**
 * A scorer of ids over a model in this process: what pairs have in common runs once, and what is longer than the context loses its beginning.
 *
 * @example
 * ```ts
 * import { tokenScorer } from '@llm/eval';
 * import { createModel } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice();
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = model.init(0);
 * const [answer] = await tokenScorer(model, params)([{ context: [1, 2], continuation: [3] }]);
 * if (!(answer!.logprob < 0)) throw new Error('a log-likelihood');
 * disposeTree(params);
 * ```
 */
export function tokenScorer(model: Model, params: Tree, { batchTokens = 2048, signal }: TokenScorerOptions = {}): TokenScorer {
  return async (pairs) => {
    const answers: Loglikelihood[] = [];
    const onScore = (index: number, { logprob, greedy }: Loglikelihood): void => { answers[index] = { logprob, greedy }; };
    // The whole sequence within the context, its last token too, which need not run: so nanochat cuts.
    for (const family of planRows(pairs, { maxTokens: model.shape.maxPositions - 1, share: true })) await scoreFamily(family, { model, params, batchTokens, onScore, signal });
    return answers;
  };
}

/** A task with its items. */
export interface CoreData {
  readonly task: CoreTask;
  readonly items: readonly CoreItem[];
}

export interface CoreOptions {
  /** Ids of a text, without special tokens. */
  readonly encode: (text: string) => ArrayLike<number>;
  /** Begins every prompt. */
  readonly bosId: number;
  readonly score: TokenScorer;
  /** Items of a task at most, the first ones after shuffling; default all. */
  readonly most?: number;
}

/** What CORE found. */
export interface CoreResult {
  /** The mean of the centered accuracies. */
  readonly core: number;
  readonly accuracies: Readonly<Record<string, number>>;
  /** (accuracy − chance) / (1 − chance). */
  readonly centered: Readonly<Record<string, number>>;
}

/**
 * DCLM's CORE metric: accuracies on 22 tasks, centered so that guessing is 0, averaged.
 *
 *   CORE = mean over tasks of (accuracy − chance) / (1 − chance)
 *
 * A choice, or a context, is taken by the lowest mean loss over the tokens in which the prompts differ, or agree; a continuation is right where greedy decoding
 * would write it. Items are shuffled, and examples drawn, as nanochat does, by Python's generator.
 *
 * @throws EvalError E_TASK_DATA for items that lack what their kind needs, and for prompts that the tokenizer does not let be told apart.
 *
 * @example
 * ```ts
 * import { coreTasks, evaluateCore } from '@llm/eval';
 * const task = coreTasks.find(({ label }) => label === 'copa')!;
 * const items = Array.from({ length: 4 }, (_, i) => ({ query: `It rained, so`, choices: ['it was wet', 'it sang'], gold: i % 2 }));
 * // A model that believes in the first choice.
 * const score = async (pairs: readonly { continuation: readonly number[] }[]) => pairs.map((_, i) => ({ logprob: i === 0 ? -0.1 : -99, greedy: false }));
 * const { accuracies, core } = await evaluateCore([{ task, items }], { encode: (text) => [...new TextEncoder().encode(text)], bosId: 256, score });
 * if (accuracies.copa !== 0.5 || core !== 0) throw new Error('no better than a coin');
 * ```
 *
 * Li et al. 2024, https://arxiv.org/abs/2406.11794
 */
export async function evaluateCore(data: readonly CoreData[], options: CoreOptions): Promise<CoreResult> {
  const { most = Infinity } = options;
  const accuracies: Record<string, number> = {};
  for (const { task, items } of data) {
    const shuffled = shuffle(items).slice(0, most);
    if (shuffled.length <= task.shots) throw new EvalError('E_TASK_DATA', `evaluateCore: expected more than ${task.shots} items of ${task.label}, its examples, but found ${shuffled.length}. Read the whole file, or ask for more.`);
    let right = 0;
    for (const i of shuffled.keys()) right += Number(await isRight(i, shuffled, { ...options, task }));
    accuracies[task.label] = right / shuffled.length;
  }
  const centered = Object.fromEntries(data.map(({ task: { label, chance } }) => [label, (accuracies[label]! - chance) / (1 - chance)]));
  return { core: Object.values(centered).reduce((sum, value) => sum + value, 0) / data.length, accuracies, centered };
}

/** `random.Random(1337).shuffle(items)`. */
function shuffle(items: readonly CoreItem[]): CoreItem[] {
  const random = pythonRandom(1337);
  const out = [...items];
  const places = Array.from(items.keys());
  for (let i = items.length - 1; i > 0; i--) {
    places.length = i + 1;
    const [j] = random.sample(places, 1) as [number];
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

async function isRight(index: number, items: readonly CoreItem[], { task, encode, bosId, score }: CoreOptions & { task: CoreTask }): Promise<boolean> {
  const item = items[index]!;
  const others = items.filter((_, i) => i !== index);
  const examples = task.shots === 0 ? [] : pythonRandom(1234 + index).sample(others, task.shots);
  const rows = corePrompts(task, item, examples).map((prompt) => [bosId, ...Array.from(encode(prompt))]);
  if (task.kind === 'language_modeling') {
    const [without, whole] = rows as [number[], number[]];
    if (whole.length <= without.length || without.some((id, i) => id !== whole[i])) {
      throw new EvalError('E_TASK_DATA', `evaluateCore: expected the ids of a context of ${task.label} to begin those of it with its continuation but found others. A tokenizer that joins them cannot be asked this way.`);
    }
    const [{ greedy }] = await score([{ context: without, continuation: whole.slice(without.length) }]) as [Loglikelihood];
    return greedy;
  }
  const starts = startsOf(rows, task);
  const asked = rows.flatMap((row, i) => (starts[i]! < row.length ? [i] : []));
  // One array where the contexts are one: by that a scorer knows to run it once.
  const shared = task.kind === 'multiple_choice' ? rows[0]!.slice(0, starts[0]) : undefined;
  const answers = await score(asked.map((i) => ({ context: shared ?? rows[i]!.slice(0, starts[i]), continuation: rows[i]!.slice(starts[i]) })));
  // A choice that another one begins with has no tokens of its own, and no mean loss.
  const losses = rows.map(() => Infinity);
  asked.forEach((i, place) => { losses[i] = -answers[place]!.logprob / (rows[i]!.length - starts[i]!); });
  return losses.indexOf(Math.min(...losses)) === item.gold;
}

/** Where each row's scored tokens begin: behind what all begin with, or where what all end with begins. */
function startsOf(rows: readonly (readonly number[])[], { kind, label }: CoreTask): number[] {
  const shortest = Math.min(...rows.map(({ length }) => length));
  let common = 0;
  const same = (at: (row: readonly number[]) => number | undefined): boolean => rows.every((row) => at(row) === at(rows[0]!));
  if (kind === 'multiple_choice') while (common < shortest && same((row) => row[common])) common++;
  else while (common < shortest && same((row) => row[row.length - 1 - common])) common++;
  const starts = rows.map(({ length }) => (kind === 'multiple_choice' ? common : length - common));
  if (starts.includes(0) || rows.every(({ length }, i) => length === starts[i])) throw new EvalError('E_TASK_DATA', `evaluateCore: expected prompts of ${label} that differ but found the same ids. Check its choices.`);
  return starts;
}
