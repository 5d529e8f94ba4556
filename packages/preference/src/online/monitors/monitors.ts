import type { RoundReport } from './round-report.ts';

/** Something went wrong. */
export interface Alarm {
  readonly monitor: string;
  /** What was expected, what was found and what may help. */
  readonly message: string;
}

/** Looks at one round after the other, and says when something goes wrong. It remembers what it needs to. */
export type Monitor = (report: RoundReport) => Alarm | undefined;

/** What all of them say of a round: call it between two steps. */
export function watch(monitors: readonly Monitor[]): (report: RoundReport) => Alarm[] {
  return (report) => monitors.flatMap((monitor) => monitor(report) ?? []);
}

const shown = (value: number): string => String(Number(value.toPrecision(3)));

/** The first rounds of a run, on average, are what later ones are compared with. */
function baseline(rounds: number, of: (report: RoundReport) => number): (report: RoundReport) => number | undefined {
  let seen = 0;
  let sum = 0;
  return (report) => {
    if (seen >= rounds) return sum / seen;
    seen++;
    sum += of(report);
    return undefined;
  };
}

/** Completions have become longer, or shorter, than `factor` times those of the first rounds: length is what rewards are hacked with most. */
export function lengthMonitor({ factor = 2, rounds = 5 }: { factor?: number; rounds?: number } = {}): Monitor {
  const first = baseline(rounds, ({ length }) => length);
  return (report) => {
    const usual = first(report);
    if (usual === undefined || (report.length <= usual * factor && report.length >= usual / factor)) return undefined;
    return { monitor: 'length', message: `length: expected about ${shown(usual)} tokens a completion, as at first, but found ${shown(report.length)}. See what the reward pays for; softOverlong and cosineLength bound it.` };
  };
}

/** Completions say the same again and again. */
export function repetitionMonitor({ most = 0.3 }: { most?: number } = {}): Monitor {
  return ({ repetition }) => (repetition <= most ? undefined
    : { monitor: 'repetition', message: `repetition: expected at most ${shown(most)} of the 3-grams to be repeated but found ${shown(repetition)}. Add repetitionPenalty to the rewards, or raise beta.` });
}

/** The entropy has fallen below `share` of that of the first rounds: the policy says one thing only, and groups have nothing to compare. */
export function entropyMonitor({ share = 0.1, rounds = 5 }: { share?: number; rounds?: number } = {}): Monitor {
  const first = baseline(rounds, ({ entropy }) => entropy);
  return (report) => {
    const usual = first(report);
    if (usual === undefined || report.entropy >= share * usual) return undefined;
    return { monitor: 'entropy', message: `entropy: expected at least ${shown(share * usual)} nats a token, a share of ${share} of that at first, but found ${shown(report.entropy)}. Raise epsilonHigh or the temperature, or lower the learning rate.` };
  };
}

/** The policy has moved further from the reference than it may: stop, or go back to what was good last. */
export function klMonitor({ most }: { most: number }): Monitor {
  return ({ kl }) => {
    if (kl === undefined) throw new RangeError('klMonitor: expected a report with the divergence from the reference but found none. Give roundReport refLogProbs.');
    return kl <= most ? undefined : { monitor: 'kl', message: `kl: expected a divergence of at most ${shown(most)} nats a completion but found ${shown(kl)}. Stop here, raise beta, or go back with lastGood.` };
  };
}

export interface HackingMonitorOptions {
  /** A measure that the policy is not trained on, such as a judge or held-out items; asked for once a round. */
  readonly independent: () => number;
  /** Rounds that are compared; default 10. */
  readonly rounds?: number;
  /** By how many deviations the reward must have risen and the measure fallen; default 1. */
  readonly deviations?: number;
}

/**
 * The reward rises while an independent measure of the same falls: the policy has found what the reward pays for and nobody wants.
 *
 * Both are compared between the first and the second half of the last `rounds` rounds. Gao et al. 2022, https://arxiv.org/abs/2210.10760
 */
export function hackingMonitor({ independent, rounds = 10, deviations = 1 }: HackingMonitorOptions): Monitor {
  const seen: { reward: number; measure: number }[] = [];
  const rise = (values: readonly number[]): number => {
    const half = Math.floor(values.length / 2);
    const mean = (part: readonly number[]): number => part.reduce((sum, value) => sum + value, 0) / part.length;
    const all = mean(values);
    const deviation = Math.sqrt(mean(values.map((value) => (value - all) ** 2)));
    return deviation === 0 ? 0 : (mean(values.slice(half)) - mean(values.slice(0, half))) / deviation;
  };
  return ({ reward }) => {
    seen.push({ reward, measure: independent() });
    if (seen.length > rounds) seen.shift();
    if (seen.length < rounds) return undefined;
    const up = rise(seen.map((each) => each.reward));
    const down = -rise(seen.map((each) => each.measure));
    if (up < deviations || down < deviations) return undefined;
    return { monitor: 'hacking', message: `hacking: expected reward and independent measure to go together but found the one risen by ${shown(up)} deviations and the other fallen by ${shown(down)} in ${rounds} rounds. Read completions; mend the reward, then go back with lastGood.` };
  };
}
