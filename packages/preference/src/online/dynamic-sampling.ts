import type { Group, Prompt, Round } from './round.ts';

/** A round and the rewards of its completions. */
export interface ScoredRound<P extends Prompt = Prompt> {
  readonly round: Round<P>;
  readonly rewards: ArrayLike<number>;
}

/**
 * Keeps sampling until there are enough groups to learn from, as DAPO does: groups whose rewards are all equal have no gradient and are left out.
 *
 * Takes scored rounds as they come, all from the same weights, and yields rounds of `groups` informative groups. What is over is dropped, since
 * the weights change before the next one is asked for. Yu et al. 2025, https://arxiv.org/abs/2503.14476
 *
 * @throws RangeError where `mostRounds` rounds together have too few such groups.
 */
export async function* dynamicSampling<P extends Prompt>(
  scored: AsyncIterable<ScoredRound<P>> | Iterable<ScoredRound<P>>, { groups: wanted, mostRounds = 10 }: { groups: number; mostRounds?: number },
): AsyncGenerator<{ readonly round: Round<P>; readonly rewards: Float64Array }, void, undefined> {
  if (!(wanted >= 1)) throw new RangeError(`dynamicSampling: expected groups of 1 or more but found ${wanted}`);
  let kept: { group: Group<P>; rewards: number[] }[] = [];
  let tried = 0;
  let index = 0;
  for await (const { round, rewards } of scored) {
    tried++;
    let at = 0;
    for (const group of round.groups) {
      const own = Array.from(rewards).slice(at, at += group.completions.length);
      const counted = own.filter((reward) => !Number.isNaN(reward));
      if (counted.some((reward) => reward !== counted[0])) kept.push({ group, rewards: own });
    }
    if (kept.length < wanted) {
      if (tried >= mostRounds) {
        throw new RangeError(`dynamicSampling: expected ${wanted} groups with different rewards in ${mostRounds} rounds but found ${kept.length}. Use prompts that are neither solved nor hopeless, or more samples.`);
      }
      continue;
    }
    const some = kept.slice(0, wanted);
    // What is over was sampled from weights that are about to change.
    kept = [];
    tried = 0;
    yield { round: { ...round, index: index++, groups: some.map(({ group }) => group) }, rewards: Float64Array.from(some.flatMap(({ rewards: own }) => own)) };
  }
}
