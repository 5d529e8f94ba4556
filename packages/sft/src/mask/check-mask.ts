import type { Tokenizer } from '@llm/tokenizer';
import { type Example, targetsOf } from '../examples/example.ts';
import { SftError } from '../sft-error.ts';
import { maskToAnsi } from './mask-to-ansi.ts';
import { maskView } from './mask-view.ts';

export interface MaskReport {
  readonly examples: number;
  readonly tokens: number;
  /** Tokens that are learned. */
  readonly trained: number;
  /** Share of tokens that are only read. */
  readonly maskedShare: number;
  /** The numbers of the examples that nothing is learned from. */
  readonly fullyMasked: readonly number[];
  /** What is suspicious about it, with an example in colour for a terminal. */
  readonly warning?: string;
}

/**
 * Looks at what is learned, before the first step.
 *
 * @throws SftError E_MASK where every token of every example is masked, E_EMPTY for no examples.
 *
 * @example
 * ```ts
 * import { checkMask, plainExample } from '@llm/sft';
 * import { trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['hi'], { vocabSize: 256 });
 * const { maskedShare, warning } = checkMask([plainExample(tokenizer.encode('learn me'))], { tokenizer });
 * if (maskedShare !== 1 / 8 || warning !== undefined) throw new Error('only the first token is not learned');
 * ```
 */
export function checkMask(examples: readonly Example[], { tokenizer, warnAbove = 0.95 }: { readonly tokenizer: Tokenizer; readonly warnAbove?: number }): MaskReport {
  if (examples.length === 0) throw new SftError('E_EMPTY', 'checkMask: expected examples but found none. Check the file and the filters');
  const counts = examples.map(targetsOf);
  const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
  const trained = counts.reduce((sum, count) => sum + count, 0);
  const fullyMasked = counts.flatMap((count, i) => (count === 0 ? [examples[i]!.index ?? i] : []));
  const drawn = (place: number): string => maskToAnsi(maskView(examples[place]!, tokenizer));
  if (trained === 0) {
    throw new SftError('E_MASK', `checkMask: expected tokens to learn but found all ${tokens} of ${examples.length} examples masked. Check the roles, the chat template and the truncation; the first example:\n${drawn(0)}\n`);
  }
  const maskedShare = 1 - trained / tokens;
  const report = { examples: examples.length, tokens, trained, maskedShare, fullyMasked };
  if (maskedShare <= warnAbove) return report;
  const typical = counts.findIndex((count) => count > 0);
  return { ...report, warning: `${(100 * maskedShare).toFixed(1)} % of all tokens are masked. Check that answers are learned, and not only their ends; for instance:\n${drawn(typical)}` };
}
