import type { Scorer } from '../requests/request.ts';

/** A question with answers that are compared by their log-likelihoods. */
export interface ChoiceQuestion {
  readonly context: string;
  readonly choices: readonly string[];
}

/** ln p of each choice of each question, a space before it, all asked at once. */
export async function choiceScores(scorer: Pick<Scorer, 'loglikelihood'>, questions: readonly ChoiceQuestion[], { delimiter = ' ' }: { readonly delimiter?: string } = {}): Promise<number[][]> {
  const answers = await scorer.loglikelihood(questions.flatMap(({ context, choices }) => choices.map((choice) => ({ context, continuation: delimiter + choice }))));
  let next = 0;
  return questions.map(({ choices }) => choices.map(() => answers[next++]!.logprob));
}

/** The place of the highest, the first of equals. */
export const likeliest = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));

/** The mean; NaN of nothing. */
export const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
