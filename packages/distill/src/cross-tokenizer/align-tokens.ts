/** Places in the text where each token begins and ends, counted in the same units for both tokenizers: characters or bytes. */
export type Offsets = readonly (readonly [start: number, end: number])[];

/** Tokens that spell the same piece of text: indices into the tokens of each side. */
export interface AlignedGroup {
  readonly student: readonly number[];
  readonly teacher: readonly number[];
}

/**
 * The smallest pieces of a text at whose ends the tokens of both tokenizers end.
 *
 * What is left at the end, where one side spells more, is one group of what is left; a side may then be empty. As TRL's GOLD aligns.
 *
 * @example
 * ```ts
 * import { alignTokens } from '@llm/distill';
 * const groups = alignTokens([[0, 2], [2, 5]], [[0, 1], [1, 2], [2, 5]]);
 * if (JSON.stringify(groups) !== '[{"student":[0],"teacher":[0,1]},{"student":[1],"teacher":[2]}]') throw new Error('two pieces');
 * ```
 */
export function alignTokens(student: Offsets, teacher: Offsets): AlignedGroup[] {
  const groups: AlignedGroup[] = [];
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  let [s, t, fromS, fromT] = [0, 0, 0, 0];
  while (s < student.length && t < teacher.length) {
    const [endS, endT] = [student[s]![1], teacher[t]![1]];
    if (endS <= endT) s++;
    if (endT <= endS) t++;
    if (endS !== endT) continue;
    groups.push({ student: range(fromS, s), teacher: range(fromT, t) });
    [fromS, fromT] = [s, t];
  }
  if (fromS < student.length || fromT < teacher.length) {
    if (s < student.length || t < teacher.length) groups.push({ student: range(fromS, student.length), teacher: range(fromT, teacher.length) });
  }
  return groups;
}
