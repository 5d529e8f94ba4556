import { add, embed, log, maximum, mul, type Tensor, tensor, transpose } from '@llm/tensor';
import type { Divergence } from '../losses/divergence.ts';
import { jsd } from '../losses/jsd.ts';
import { uld } from './uld.ts';

/** What TRL keeps probabilities above where it takes their logarithm. */
const LEAST = 1e-8;

/** Which tokens two vocabularies share. */
export interface SharedTokens {
  /** Ids of the same tokens on both sides, in the same order. */
  readonly student: readonly number[];
  readonly teacher: readonly number[];
}

/**
 * The tokens that two vocabularies share, by their texts.
 *
 * @example
 * ```ts
 * import { sharedTokens } from '@llm/distill';
 * const { student, teacher } = sharedTokens(new Map([['a', 0], ['b', 1]]), new Map([['b', 7], ['c', 8]]));
 * if (student.join() !== '1' || teacher.join() !== '7') throw new Error('only b');
 * ```
 */
export function sharedTokens(student: ReadonlyMap<string, number>, teacher: ReadonlyMap<string, number>): SharedTokens {
  const pairs = [...teacher].flatMap(([text, id]) => (student.has(text) ? [[student.get(text)!, id] as const] : [])).toSorted(([, a], [, b]) => a - b);
  return { student: pairs.map(([id]) => id), teacher: pairs.map(([, id]) => id) };
}

export interface GoldOptions {
  readonly shared: SharedTokens;
  /** Of tokens that both have; default `jsd()`. */
  readonly divergence?: Divergence;
  /** Weight of tokens that both have, and of the others; default the share of the teacher's vocabulary that is shared, and the rest. */
  readonly weights?: { readonly shared: number; readonly others: number };
}

/**
 * Distillation between vocabularies that share some tokens: those are compared as themselves, the others by their rank.
 *
 *   w · D(shared of S, shared of T) + (1 − w) · uld(others of S, others of T)
 *
 * Probabilities [rows, vocabulary] of each side → [rows]. TRL's GOLD with `uld_use_hybrid_loss`.
 *
 * @example
 * ```ts
 * import { gold } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const loss = gold({ shared: { student: [0], teacher: [1] }, weights: { shared: 1, others: 1 } });
 * const [found] = loss(tensor([[0.5, 0.5]]), tensor([[0.25, 0.5, 0.25]])).dataSync();
 * if (Math.abs(found! - 0.5) > 1e-6) throw new Error('|½ − ¼| + |0 − ¼|');
 * ```
 */
export function gold({ shared, divergence = jsd(), weights }: GoldOptions): (student: Tensor, teacher: Tensor) => Tensor {
  return (student, teacher) => {
    const [ofStudent, ofTeacher] = [student.shape[1]!, teacher.shape[1]!];
    const share = shared.teacher.length / Math.max(1, ofTeacher);
    const { shared: matched, others } = weights ?? { shared: share, others: 1 - share };
    const parts: Tensor[] = [];
    if (shared.student.length > 0) {
      const logs = (probs: Tensor, ids: readonly number[]): Tensor => log(maximum(columns(probs, ids), LEAST));
      parts.push(mul(divergence(logs(student, shared.student), logs(teacher, shared.teacher)), matched));
    }
    const rest = [without(ofStudent, shared.student), without(ofTeacher, shared.teacher)] as const;
    if (rest[0].length > 0 && rest[1].length > 0) parts.push(mul(uld(columns(student, rest[0]), columns(teacher, rest[1])), others));
    const [first, second] = parts;
    if (first === undefined) throw new RangeError('gold: expected tokens that both vocabularies have, or some that either has alone, but found none. Check the vocabularies.');
    return second === undefined ? first : add(first, second);
  };
}

function without(size: number, ids: readonly number[]): number[] {
  const taken = new Set(ids);
  return Array.from({ length: size }, (_, id) => id).filter((id) => !taken.has(id));
}

/** Some columns of a matrix, with a gradient. */
function columns(x: Tensor, ids: readonly number[]): Tensor {
  return transpose(embed(tensor(Int32Array.from(ids), [ids.length], 'int32'), transpose(x)));
}
