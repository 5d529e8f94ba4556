import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentationFiles } from '@llm/data-quality/node';
import { EXIT } from '../cli/cli-error.ts';
import type { Command } from '../cli/command.ts';
import { digits, table } from '../cli/format.ts';
import type { Io } from '../cli/io.ts';
import { type ApiPair, apiPairs } from '../corpus/api-pairs.ts';
import { apiQuestions, type ApiQuestions } from '../corpus/api-questions.ts';
import { findModules } from '../corpus/read-corpus.ts';
import { replaceText } from '../run/replace-text.ts';
import { invocation, shownPath } from '../train/drive-run.ts';
import { readStage } from './stage-record.ts';

export interface QuickstartStagesOptions {
  readonly io: Io;
  readonly json: boolean;
  /** The folder of the pretrained model, and of all runs. */
  readonly base: string;
  readonly runs: string;
  readonly name: string;
  readonly seed: number;
  readonly fresh: boolean;
  readonly device: string | undefined;
  /** The commands of the stages by name. */
  readonly commands: Readonly<Record<'sft' | 'dpo' | 'grpo', Command>>;
  /** Other flags of a stage than the usual ones, for tests. */
  readonly flags?: Readonly<Record<string, readonly string[]>>;
}

/** A stage of the quickstart: which figure it is there for, and what that says. */
const STAGES = [
  { stage: 'sft', figure: 'val/exact_match', says: 'questions answered to the letter', intro: 'Teaching it to answer: what a declaration does, and what it is.' },
  { stage: 'dpo', figure: 'val/win_rate', says: 'answers briefer than before', intro: 'Teaching it a preference: of two descriptions the shorter.' },
  { stage: 'grpo', figure: 'val/reward', says: 'sentences of three to six words', intro: 'Letting it find out by rewards what a question asks that it never saw answered: a sentence of three to six words.' },
] as const;

const FLAGS: Readonly<Record<string, readonly string[]>> = {
  sft: ['--steps', '110', '--batch', '16', '--lr', '1e-3', '--warmup', '5', '--max-length', '128', '--packing', 'bfd', '--eval-answers', '128', '--eval-every', '55'],
  dpo: ['--steps', '40', '--batch', '16', '--lr', '6e-4', '--warmup', '4', '--max-length', '128', '--judge', 'fewer-words', '--max-tokens', '32', '--eval-questions', '64', '--eval-every', '20'],
  grpo: ['--steps', '40', '--batch', '8', '--samples', '8', '--lr', '3e-4', '--warmup', '3', '--max-tokens', '24', '--reward', 'summary', '--eval-every', '10'],
};

/** Too few declarations to hold some out teach nothing that could be measured. */
const FEWEST = 800;

/**
 * What comes after pretraining in the quickstart: instruction tuning on questions made from the API documentation that the model
 * learned from, a preference, and a reward that is computed. Each goes on where it was stopped.
 */
export async function quickstartStages(options: QuickstartStagesOptions): Promise<number> {
  const { io, json, base, runs, name, seed, fresh, device, commands, flags = {} } = options;
  const made = await questionsOf(io.cwd, seed);
  if (made === undefined) {
    if (!json) io.err(`No instruction tuning: fewer than ${FEWEST} documented declarations were found under node_modules.\n`);
    return EXIT.ok;
  }
  const data = join(base, 'data');
  mkdirSync(data, { recursive: true });
  for (const [file, records] of Object.entries(made)) await replaceText(join(data, `${file}.jsonl`), (records as readonly unknown[]).map((record) => `${JSON.stringify(record)}\n`).join(''));
  const files: Readonly<Record<string, readonly [string, string]>> = { sft: ['instructions', 'heldInstructions'], dpo: ['comparisons', 'heldComparisons'], grpo: ['tasks', 'heldTasks'] };
  let model = base;
  const rows: string[][] = [];
  for (const { stage, figure, says, intro } of STAGES) {
    const run = `${name}-${stage}`;
    const folder = join(runs, run);
    const there = fresh ? undefined : await readStage(folder);
    if (there?.result === undefined) {
      if (!json) io.err(`\n${intro}\n`);
      const [train, held] = files[stage]!;
      const where = ['--name', run, '--runs', runs, ...(json ? ['--json'] : [])];
      const argv = there !== undefined ? ['--resume', ...where] : [
        '--model', model, '--data', join(data, `${train}.jsonl`), '--eval-data', join(data, `${held}.jsonl`), '--seed', String(seed), ...where, ...(fresh ? ['--fresh'] : []),
        ...(device === undefined ? [] : ['--device', device]), ...flags[stage] ?? FLAGS[stage]!,
      ];
      const code = await commands[stage].run(argv, io);
      if (code !== EXIT.ok) return code;
    }
    const { before, result } = (await readStage(folder))!;
    rows.push([stage, says, percent(before?.[figure]), percent(result?.after[figure])]);
    // Preferences are learned beside rewards, not before them: both begin with the model that answers.
    if (stage === 'sft') model = folder;
  }
  if (!json) io.out(`\n${table(['stage', 'on held-out declarations', 'before', 'after'], rows)}\n\nTalk to it: ${invocation(io, `chat ${shownPath(join(runs, `${name}-grpo`), io.cwd)}`)}\n`);
  return EXIT.ok;
}

function percent(value: number | undefined): string {
  return value === undefined ? '' : `${digits(100 * value)} %`;
}

/** Questions from the declarations of the installed packages; undefined where there are too few. */
async function questionsOf(cwd: string, seed: number): Promise<ApiQuestions | undefined> {
  const pairs: ApiPair[] = [];
  for await (const path of documentationFiles(findModules(cwd), { endings: ['.d.ts'] })) pairs.push(...apiPairs(await readFile(path, 'utf8')));
  return pairs.length < FEWEST ? undefined : apiQuestions(pairs, { seed });
}
