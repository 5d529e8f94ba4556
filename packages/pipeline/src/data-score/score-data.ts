import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { scoreSft, SFT_DIMENSIONS, type ScoredSft, type SftDimension, type SftExample } from '@llm/data-quality';
import { count } from '../cli/format.ts';
import { type Io, printable } from '../cli/io.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { replaceText } from '../run/replace-text.ts';
import { answerCache } from './answer-cache.ts';
import { type Candidate, chooseSft } from './choose-sft.ts';
import { measureExamples, type MeasuredExamples } from './measure-examples.ts';
import { readSft } from './read-sft.ts';
import { checkOptions, judgeKey, leastOf, type ScoreOptions } from './score-options.ts';
import { type ScorePaths, scoresJson, scoresText } from './score-text.ts';
import { dimensionRows, FAULTS } from './sft-report.ts';
import { scoreLine } from './score-line.ts';

function pathsOf(out: string, cwd: string): ScorePaths {
  const scores = resolve(cwd, out);
  const beside = (name: string): string => `${scores.replace(/\.(?:jsonl|ndjson)$/i, '')}.${name}.jsonl`;
  return { scores, kept: beside('kept'), cache: beside('cache') };
}

/** Reads, measures, scores, chooses, writes and tells; returns the exit code. */
export async function scoreData(options: ScoreOptions, io: Io): Promise<number> {
  const { paths: inputs, out, keep, json } = options;
  const least = leastOf(options.least ?? []);
  checkOptions(options);
  judgeKey(options, io.env);
  const places = out === undefined ? undefined : pathsOf(out, io.cwd);
  for (const each of Object.values(places ?? {}) as string[]) await checkOutput(each, { inputs, cwd: io.cwd, remedy: 'Choose another --out.' });
  const { records, bad } = await readSft(inputs, { cwd: io.cwd, skipBad: options['skip-bad'], signal: io.stop });
  const say = (line: string): void => { if (!json) io.err(`${printable(line)}\n`); };
  if (bad.length > 0) say(`Passed over ${count(bad.length)} bad records, such as ${bad[0]}`);
  const examples = records.map(({ example }) => example);
  const cache = answerCache(places?.cache);
  let measured: MeasuredExamples;
  try {
    measured = await measureExamples(examples, options, { cache, io, say });
  } catch (error) {
    if (io.stop.aborted && places !== undefined) say('Stopped. Run the same command again to go on: what was found is kept.');
    throw error;
  } finally {
    cache.close();
  }
  const found = await scored(examples, measured, io.stop);
  const chosen = keep === undefined ? undefined : chooseSft(candidatesOf(examples, { rows: found.rows, measured, least }), {
    size: keep < 1 ? Math.max(1, Math.round(keep * examples.length)) : keep, embeddings: measured.embeddings,
  });
  if (places !== undefined) {
    const kept = new Set(chosen?.chosen);
    const { difficulties, judged } = measured;
    await mkdir(dirname(places.scores), { recursive: true });
    await replaceText(places.scores, found.rows.map((row, i) => scoreLine(row, { difficulty: difficulties?.[i], judgement: judged?.judgements[i], kept: chosen === undefined ? undefined : kept.has(i) })).join(''));
    if (chosen !== undefined) await replaceText(places.kept, chosen.chosen.map((i) => `${records[i]!.json}\n`).join(''));
  }
  const told = { ...found, dimensions: dimensionRows(found, least), records, bad, measured, chosen, places, cwd: io.cwd };
  io.out(json ? `${JSON.stringify(scoresJson(told))}\n` : scoresText(told));
  return 0;
}

/** The six dimensions, with what was measured. */
function scored(examples: readonly SftExample[], { difficulties, judged }: MeasuredExamples, signal: AbortSignal): ReturnType<typeof scoreSft> {
  const places = new Map(examples.map((example, i) => [example, i]));
  return scoreSft(examples, {
    signal,
    ...(difficulties === undefined ? {} : { ifd: (example) => difficulties[places.get(example)!]! }),
    ...(judged === undefined ? {} : { judge: (example) => {
      const found = judged.judgements[places.get(example)!]!;
      return 'unread' in found ? { score: null, reason: found.unread } : { score: (found.marks.accuracy - 1) / 4, reason: found.marks.accuracy < 5 ? found.reason : '' };
    } }),
  });
}

function candidatesOf(examples: readonly SftExample[], { rows, measured: { difficulties, judged }, least }: { rows: readonly ScoredSft[]; measured: MeasuredExamples; least: Readonly<Record<SftDimension, number>> }): Candidate[] {
  return examples.map((example, i) => {
    const { scores } = rows[i]!;
    const judgement = judged?.judgements[i];
    const low = FAULTS.find((dimension) => (scores[dimension].score ?? 1) < least[dimension]);
    const known = SFT_DIMENSIONS.flatMap((dimension) => scores[dimension].score ?? []);
    const discarded = judgement !== undefined && 'verdict' in judgement && judgement.verdict === 'discard';
    return {
      example, ifd: difficulties === undefined ? undefined : difficulties[i]?.ifd ?? Number.NaN, quality: known.reduce((sum, score) => sum + score, 0) / known.length,
      excluded: discarded ? 'the judge discards it' : low === undefined ? undefined : `${low} below ${least[low]}`,
    };
  });
}
