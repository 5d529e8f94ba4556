import type { TokenizedPair } from '../offline/pair-batch.ts';
import type { Completion, Group, Prompt, Round } from '../online/round.ts';
import type { Judge } from './judge.ts';

export interface JudgedRoundOptions<P extends Prompt> {
  readonly judge: Judge;
  /** The text of a prompt. */
  readonly promptText: (prompt: P) => string;
  /** Ids to text, without the special tokens. */
  readonly decode: (ids: Int32Array) => string;
  /** How far from ½ a judge must be to have decided; default 0, which leaves out only what is exactly ½. */
  readonly margin?: number;
}

/** Pairs of completions, as they were sampled, that a judge has decided on. */
export interface JudgedRound<P extends Prompt = Prompt> {
  /** Two completions each. */
  readonly groups: readonly Group<P>[];
  /** 1 for the better and −1 for the worse completion, as `onlineDpo` and `xpo` take them. */
  readonly advantages: Float32Array;
  /** How likely the first of each pair is the better one. */
  readonly probabilities: Float64Array;
  /** Pairs that were left out. */
  readonly undecided: number;
}

/**
 * Asks a judge about the completions of a round, two by two in the order in which they were sampled; all questions at once. What it cannot decide
 * is left out.
 *
 * @throws RangeError where completions do not come in pairs.
 */
export async function judgedRound<P extends Prompt>({ groups }: Pick<Round<P>, 'groups'>, options: JudgedRoundOptions<P>): Promise<JudgedRound<P>> {
  const { judge, promptText, decode, margin = 0 } = options;
  const text = ({ ids, reason }: Completion): string => decode(reason === 'eos' ? ids.slice(0, -1) : ids);
  const pairs = groups.flatMap(({ prompt, completions }) => {
    if (completions.length % 2 !== 0) throw new RangeError(`judgedRound: expected an even number of completions for each prompt but found ${completions.length}. Sample two.`);
    return Array.from({ length: completions.length / 2 }, (_, i): Group<P> => ({ prompt, completions: completions.slice(2 * i, 2 * i + 2) }));
  });
  const said = await Promise.all(pairs.map(async ({ prompt, completions: [first, second] }) => judge({ prompt: promptText(prompt), first: text(first!), second: text(second!) })));
  const decided = pairs.flatMap((group, i) => (said[i] !== undefined && Math.abs(said[i] - 0.5) > margin ? [{ group, probability: said[i] }] : []));
  return {
    groups: decided.map(({ group }) => group), probabilities: Float64Array.from(decided, ({ probability }) => probability), undecided: pairs.length - decided.length,
    advantages: Float32Array.from(decided.flatMap(({ probability }) => (probability > 0.5 ? [1, -1] : [-1, 1]))),
  };
}

/** Judged completions as pairs for the offline losses: RLAIF, whose data a judge has labelled. Lee et al. 2023, https://arxiv.org/abs/2309.00267 */
export function judgedPairs({ groups, advantages }: Pick<JudgedRound, 'groups' | 'advantages'>): TokenizedPair[] {
  return groups.map(({ prompt, completions: [first, second] }, i) => {
    const [chosen, rejected] = advantages[2 * i]! > 0 ? [first!, second!] : [second!, first!];
    return { prompt: prompt.ids, chosen: chosen.ids, rejected: rejected.ids };
  });
}
