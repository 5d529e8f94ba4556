import { answerOf, type SftExample } from './sft-example.ts';

/** Mean loss of a model for each token of `answer`, in nats, after `prompt` or, where there is none, on its own. */
export type AnswerLoss = (answer: string, options: { readonly prompt?: SftExample['turns'] }) => number | Promise<number>;

export interface Ifd {
  /** conditioned / alone. */
  readonly ifd: number;
  readonly conditioned: number;
  readonly alone: number;
}

/**
 * Instruction-following difficulty (Li et al. 2023, "From Quantity to Quality"):
 *
 *   IFD = L(answer | instruction) / L(answer),
 *
 * mean losses per token of the answer under the model behind `loss`. Near 0, the instruction gives the answer away; near 1, it
 * hardly helps, which makes the example hard; above 1 it misleads, and the paper leaves such examples out.
 *
 * Throws RangeError for losses that are not finite, below 0, or 0 for the answer alone.
 *
 * @example
 * ```ts
 * import { instructionFollowingDifficulty } from '@llm/data-quality';
 * const turns = [{ role: 'user', content: 'Say yes.' }, { role: 'assistant', content: 'Yes.' }] as const;
 * const { ifd } = await instructionFollowingDifficulty({ id: 'a', turns }, (_, { prompt }) => (prompt ? 1 : 4));
 * console.assert(ifd === 0.25);
 * ```
 */
export async function instructionFollowingDifficulty(example: SftExample, loss: AnswerLoss): Promise<Ifd> {
  const answer = answerOf(example);
  const at = example.turns.findLastIndex(({ role }) => role === 'assistant');
  const conditioned = await loss(answer, { prompt: example.turns.slice(0, Math.max(0, at)) });
  const alone = await loss(answer, {});
  if (!(Number.isFinite(conditioned) && conditioned >= 0 && Number.isFinite(alone) && alone > 0)) {
    throw new RangeError(`instructionFollowingDifficulty: expected finite losses, above 0 without the instruction, but found ${conditioned} and ${alone} for ${example.id}. Check the function, and that the answer has tokens.`);
  }
  return { ifd: conditioned / alone, conditioned, alone };
}
