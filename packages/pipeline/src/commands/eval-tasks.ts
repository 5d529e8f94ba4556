import { resolve } from 'node:path';
import { createTask, type Doc, evaluate, type EvalResults, hubRows, localScorer, type Scorer, starterTasks, type TaskConfig, taskLibrary, type TaskSelection } from '@llm/eval';
import { readTaskDocuments, readTaskFiles, writeResults } from '@llm/eval/node';
import { deviceInUse } from '@llm/tensor';
import { UsageError } from '../cli/cli-error.ts';
import type { Io } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import type { OpenModel } from '../train/open-model.ts';

/** What `llm eval --tasks` is told. */
export interface TaskOptions {
  readonly tasks: readonly string[];
  /** The folder with documents by task and split; `hub` fetches them. */
  readonly 'task-data'?: string | undefined;
  /** The folder of YAML files that define tasks; default the built-in ones. */
  readonly 'task-files'?: string | undefined;
  readonly limit?: number | undefined;
  readonly 'num-fewshot'?: number | undefined;
  readonly 'bootstrap-iters': number;
  readonly 'apply-chat-template': boolean;
  readonly 'fewshot-as-multiturn': boolean;
  readonly 'system-instruction'?: string | undefined;
  readonly output?: string | undefined;
}

/** Measures an open model on tasks; returns the results and the files that were written. */
export async function evaluateTasks(options: TaskOptions, { opened, name, io, say }: { opened: OpenModel; name: string; io: Io; say: (text: string) => void }): Promise<{ results: EvalResults; written: readonly string[] }> {
  const selection = await selected(options, io);
  const tasks = [];
  for (const config of selection.tasks) tasks.push(createTask(config, { splits: await documentsOf(config, options, { io, say }), numFewshot: options['num-fewshot'] }));
  const { model, params, tokenizer, template } = opened;
  let tenth = 0;
  const scorer: Scorer = localScorer({ model, params, tokenizer }, {
    name, signal: io.stop, ...(template === undefined ? {} : { chatTemplate: template }),
    onProgress(done, all) {
      const now = Math.floor((10 * done) / all);
      if (now === tenth) return;
      tenth = now % 10;
      say(`${done} of ${all} requests`);
    },
  });
  const results = await evaluate(scorer, tasks, {
    groups: selection.groups, bootstrapIters: options['bootstrap-iters'], applyChatTemplate: options['apply-chat-template'], fewshotAsMultiturn: options['fewshot-as-multiturn'],
    ...(options.limit === undefined ? {} : { limit: options.limit }), ...(options['system-instruction'] === undefined ? {} : { systemInstruction: options['system-instruction'] }),
    logSamples: options.output !== undefined, config: { model_args: name, device: deviceInUse(), fewshot_seed: 1234 },
  });
  const written = options.output === undefined ? [] : await writeResults(resolve(io.cwd, options.output), results);
  return { results, written: written.map((path) => shownPath(path, io.cwd)) };
}

async function selected({ tasks, 'task-files': files }: TaskOptions, io: Io): Promise<TaskSelection> {
  const names = tasks.flatMap((each) => each.split(',')).map((name) => name.trim()).filter((name) => name !== '');
  return files === undefined ? starterTasks(names) : taskLibrary(await readTaskFiles(resolve(io.cwd, files))).select(names);
}

/** The documents of the splits that a task names. */
async function documentsOf(config: TaskConfig, { 'task-data': folder, limit, 'num-fewshot': shots }: TaskOptions, { io, say }: { io: Io; say: (text: string) => void }): Promise<Record<string, Doc[]>> {
  const { task, datasetPath, datasetName, trainingSplit, validationSplit, testSplit, fewshotSplit, fewshotConfig } = config;
  const splits = [...new Set([trainingSplit, validationSplit, testSplit, fewshotSplit, fewshotConfig?.split].filter((split): split is string => typeof split === 'string'))];
  if (folder === undefined) throw new UsageError('llm eval: expected --task-data with the folder of the documents, <task>/<split>.jsonl, but found none. Give it, or --task-data hub to fetch them.');
  if (folder !== 'hub') return readTaskDocuments(resolve(io.cwd, folder), { task, splits });
  if (datasetPath === undefined) throw new UsageError(`llm eval: expected ${task} to say its dataset_path but found none. Give its documents with --task-data FOLDER.`);
  const asked = testSplit ?? validationSplit;
  const wanted = (shots ?? config.numFewshot ?? 0) > 0 ? splits : splits.filter((split) => split === asked);
  const found: Record<string, Doc[]> = {};
  for (const split of wanted) {
    say(`fetching ${datasetPath} ${split}`);
    found[split] = await hubRows(datasetPath, { split, ...(datasetName ? { config: datasetName } : {}), ...(limit !== undefined && limit >= 1 && split === asked ? { limit } : {}), ...(io.env.HF_TOKEN ? { token: io.env.HF_TOKEN } : {}) });
  }
  return found;
}
