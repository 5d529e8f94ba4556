import type { SftExample } from '@llm/data-quality';
import { disposeTree } from '@llm/tensor';
import type { Io } from '../cli/io.ts';
import { openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import type { AnswerCache } from './answer-cache.ts';
import { answerDifficulties, type AnswerDifficulty } from './answer-losses.ts';
import { askJudge, type Judged } from './ask-judge.ts';
import { embedExamples, type ExampleEmbeddings } from './embed-examples.ts';
import { judgeKey, type ScoreOptions } from './score-options.ts';
import { scoreProgress, type ScoreProgress } from './score-progress.ts';

/** What models and a judge found of examples; undefined where the flags asked for none. */
export interface MeasuredExamples {
  readonly difficulties?: readonly (AnswerDifficulty | null)[];
  readonly embeddings?: ExampleEmbeddings;
  readonly judged?: Judged;
}

/** Asks the models that the flags name, one in memory at a time, and the judge. */
export async function measureExamples(examples: readonly SftExample[], options: ScoreOptions, { cache, io, say }: { readonly cache: AnswerCache; readonly io: Io; readonly say: (line: string) => void }): Promise<MeasuredExamples> {
  const { model, embeddings, length: wanted, batch, device, json, 'judge-url': url, 'judge-model': judge } = options;
  const apiKey = judgeKey(options, io.env);
  const found: { difficulties?: readonly (AnswerDifficulty | null)[]; embeddings?: ExampleEmbeddings; judged?: Judged } = {};
  const shown = async <T>(name: string, work: (progress: ScoreProgress) => Promise<T>): Promise<T> => {
    const progress = scoreProgress(io, { name, unit: 'records', total: examples.length, quiet: json });
    try {
      return await work(progress);
    } finally {
      progress.end();
    }
  };
  for (const run of new Set([model, embeddings].filter((name) => name !== undefined))) {
    const opened = await openModel(findFolder(run, io.cwd), device);
    try {
      if (opened.note !== undefined) say(opened.note);
      const shared = { opened, length: Math.min(wanted, opened.model.shape.maxPositions), batch, signal: io.stop };
      if (run === model) found.difficulties = await shown('losses', (progress) => answerDifficulties(examples, { ...shared, cache, progress }));
      if (run === embeddings) found.embeddings = await shown('embeddings', (progress) => embedExamples(examples, { ...shared, progress }));
    } finally {
      disposeTree(opened.params);
    }
  }
  if (url !== undefined) {
    const prices = { prompt: options['judge-price-in'], completion: options['judge-price-out'] };
    found.judged = await shown('marks', (progress) => askJudge(examples, { url, model: judge!, apiKey, prices, cache, progress, signal: io.stop }));
  }
  return found;
}
