import type { InstructionArguments, InstructionCheck, LanguageOf } from './arguments.ts';
import { formatInstructions } from './format-instructions.ts';
import { strip } from '../python/text.ts';
import { wordInstructions } from './word-instructions.ts';

/** The 25 instructions of IFEval, by the names its data gives them. */
export const ifevalInstructions: Readonly<Record<string, InstructionCheck>> = { ...wordInstructions, ...formatInstructions };

/** A row of IFEval's data. */
export interface IfevalDocument {
  readonly instruction_id_list: readonly string[];
  /** Arguments of each instruction. */
  readonly kwargs: readonly InstructionArguments[];
}

/** Which instructions of a document an answer follows. */
export interface IfevalVerdict {
  readonly strict: readonly boolean[];
  readonly loose: readonly boolean[];
}

/** What may stand for an answer: without its first line, its last one or both, and all four without asterisks. */
function variants(answer: string): string[] {
  const lines = answer.split('\n');
  const cut = [lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)].map((part) => strip(part.join('\n')));
  const all = new Set([...cut, ...[answer, ...cut].map((text) => text.replaceAll('*', ''))]);
  all.delete(answer);
  return [...all].filter((text) => strip(text) !== '');
}

const noLanguage: LanguageOf = () => {
  throw new TypeError("ifeval: expected a language function, since the document asks for a language, but found none. Pass language: await loadLanguage() of '@llm/eval/node', or one of your own.");
};

/**
 * Holds an answer against the instructions of IFEval: strictly as it stands, and loosely, where one of eight variants of it will do.
 *
 * An empty answer follows nothing. Instructions of a language ask `language`, a function from a text to its ISO 639-1 code.
 *
 * @throws RangeError for an unknown instruction and for arguments that are missing.
 * @throws TypeError where a language is asked for and there is no function.
 *
 * @example
 * ```ts
 * import { ifeval } from '@llm/eval';
 * const document = { instruction_id_list: ['punctuation:no_comma', 'startend:quotation'], kwargs: [{}, {}] };
 * const { strict, loose } = ifeval(document, 'Here it is:\n"No comma"');
 * if (strict.join() !== 'true,false' || loose.join() !== 'true,true') throw new Error('it is quoted without its first line');
 * ```
 *
 * Zhou et al. 2023, https://arxiv.org/abs/2311.07911
 */
export function ifeval({ instruction_id_list: ids, kwargs }: IfevalDocument, answer: string, { language = noLanguage }: { readonly language?: LanguageOf } = {}): IfevalVerdict {
  const checks = ids.map((id, i) => {
    const check = ifevalInstructions[id];
    if (check === undefined) throw new RangeError(`ifeval: expected one of the 25 instructions but found '${id}'. See ifevalInstructions for their names.`);
    return (text: string): boolean => check(text, kwargs[i] ?? {}, { language });
  });
  const strict = strip(answer) === '' ? checks.map(() => false) : checks.map((check) => check(answer));
  const others = variants(answer);
  return { strict, loose: checks.map((check, i) => strict[i]! || others.some(check)) };
}

/** Shares from 0 to 1, by lm-eval's names. */
export interface IfevalScores {
  readonly prompt_level_strict_acc: number;
  readonly inst_level_strict_acc: number;
  readonly prompt_level_loose_acc: number;
  readonly inst_level_loose_acc: number;
}

/**
 * The four accuracies of IFEval: answers that follow all of their instructions, and instructions that were followed, strictly and loosely.
 *
 * @throws RangeError for no verdicts.
 */
export function ifevalScores(verdicts: readonly IfevalVerdict[]): IfevalScores {
  if (verdicts.length === 0) throw new RangeError('ifevalScores: expected verdicts but found none. Judge an answer with ifeval first.');
  const share = (values: readonly boolean[]): number => values.filter(Boolean).length / values.length;
  const scores = (kind: keyof IfevalVerdict): readonly [number, number] => [share(verdicts.map((verdict) => verdict[kind].every(Boolean))), share(verdicts.flatMap((verdict) => verdict[kind]))];
  const [[promptStrict, strict], [promptLoose, loose]] = [scores('strict'), scores('loose')];
  return { prompt_level_strict_acc: promptStrict, inst_level_strict_acc: strict, prompt_level_loose_acc: promptLoose, inst_level_loose_acc: loose };
}
