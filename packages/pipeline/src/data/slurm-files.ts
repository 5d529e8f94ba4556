import { join } from 'node:path';
import { typed } from '../lifecycle/command-line.ts';

/** A file to be written, by its name. */
export type NamedText = readonly [name: string, text: string];

export interface SlurmOptions {
  /** The words of `llm data` without its stage, paths absolute. */
  readonly words: readonly string[];
  readonly stages: readonly string[];
  /** Elements of the arrays. */
  readonly processes: number;
  readonly workers: number;
  /** Folder for what the jobs print. */
  readonly logs: string;
  readonly name: string;
  readonly partition?: string | undefined;
  readonly time?: string | undefined;
  readonly memGib?: number | undefined;
}

/**
 * A batch script for each stage, an array of `processes` for those that are divided and one job for the others, and `submit.sh`, which
 * hands them in so that each waits for the one before it. Handed in again, they do what is missing.
 */
export function slurmFiles({ words, stages, processes, workers, logs, name, partition, time, memGib }: SlurmOptions): NamedText[] {
  const scripts = stages.map((stage): NamedText => [`${stage}.sbatch`, [
    '#!/bin/bash',
    `#SBATCH --job-name=${name}-${stage}`,
    ...(stage.startsWith('pass-') ? [`#SBATCH --array=0-${processes - 1}`] : []),
    '#SBATCH --ntasks=1',
    `#SBATCH --cpus-per-task=${stage.startsWith('pass-') ? workers : 1}`,
    ...(memGib === undefined ? [] : [`#SBATCH --mem=${memGib}G`]),
    ...(time === undefined ? [] : [`#SBATCH --time=${time}`]),
    ...(partition === undefined ? [] : [`#SBATCH --partition=${partition}`]),
    `#SBATCH --output=${join(logs, '%x-%A-%a.out')}`,
    'set -euo pipefail',
    // The number in the array, not its place among those that were handed in: a part may be handed in again.
    `exec ${typed([...words, '--stage', stage])}${stage.startsWith('pass-') ? ` --rank "$SLURM_ARRAY_TASK_ID" --world-size ${processes}` : ''}`,
    '',
  ].join('\n')]);
  const submit = [
    '#!/bin/bash',
    'set -euo pipefail',
    'cd "$(dirname "$0")"',
    `mkdir -p ${typed([logs])}`,
    ...stages.map((stage, i) => `job=$(sbatch --parsable ${i === 0 ? '' : '--dependency=afterok:"$job" --kill-on-invalid-dep=yes '}${stage}.sbatch)\necho "${stage}: $job"`),
    '',
  ].join('\n');
  return [...scripts, ['submit.sh', submit]];
}
