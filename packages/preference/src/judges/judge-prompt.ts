import type { Comparison } from './judge.ts';

/** What a judge is asked, so that its answer ends in [[A]], [[B]] or [[C]]. */
export function judgePrompt({ prompt, first, second }: Comparison): string {
  return `Compare two answers to the same question. Judge how correct, helpful and clear they are; neither their order nor their length matters.

[Question]
${prompt}

[Answer A]
${first}

[Answer B]
${second}

Give your reason in one sentence. Then end with [[A]] if A is better, [[B]] if B is better, or [[C]] if they are equally good.`;
}

/** 1 for [[A]], 0 for [[B]], ½ for [[C]], by what stands last in a text; undefined where none does. */
export function readVerdict(text: string): number | undefined {
  const last = [...text.matchAll(/\[\[([ABC])\]\]/g)].at(-1)?.[1];
  return last === undefined ? undefined : { A: 1, B: 0, C: 0.5 }[last as 'A' | 'B' | 'C'];
}
