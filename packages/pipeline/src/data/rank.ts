import { UsageError } from '../cli/cli-error.ts';

/** Which share of the tasks this process does. */
export interface Rank {
  readonly rank: number;
  readonly worldSize: number;
}

const whole = (value: string | undefined): number | undefined => (value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined);

/**
 * The rank that was typed, else that of a Slurm array (`SLURM_ARRAY_TASK_ID`, `_COUNT`, `_MIN` and `_MAX`) or of an indexed job of Kubernetes
 * (`JOB_COMPLETION_INDEX`, with `LLM_WORLD_SIZE` beside it), else that of the only process.
 */
export function rankOf({ rank, worldSize }: { rank: number | undefined; worldSize: number | undefined }, env: Readonly<Record<string, string | undefined>>): Rank {
  if (rank !== undefined || worldSize !== undefined) {
    if (rank === undefined || worldSize === undefined || rank >= worldSize) throw new UsageError(`llm data: expected --rank below --world-size but found ${rank ?? 'no --rank'} of ${worldSize ?? 'no --world-size'}. Give both, ranks from 0.`);
    return { rank, worldSize };
  }
  const [task, tasks, first = 0, last] = [env['SLURM_ARRAY_TASK_ID'], env['SLURM_ARRAY_TASK_COUNT'], env['SLURM_ARRAY_TASK_MIN'], env['SLURM_ARRAY_TASK_MAX']].map(whole);
  if (task !== undefined && tasks !== undefined) {
    // Of an array with gaps, such as --array=3,7, which is a part of another one, nobody knows how large that was.
    if (task - first >= tasks || (last !== undefined && last - first + 1 !== tasks)) throw new UsageError(`llm data: expected a Slurm array without gaps but found element ${task} of ${tasks} from ${first} on${last === undefined ? '' : ` to ${last}`}. Give --rank and --world-size, as llm data launch writes them.`);
    return { rank: task - first, worldSize: tasks };
  }
  const [index, size] = [env['JOB_COMPLETION_INDEX'], env['LLM_WORLD_SIZE']].map(whole);
  if (index !== undefined) {
    if (size === undefined || index >= size) throw new UsageError(`llm data: expected LLM_WORLD_SIZE above JOB_COMPLETION_INDEX ${index} but found ${size ?? 'none'}. Set it to the completions of the job, or give --rank and --world-size.`);
    return { rank: index, worldSize: size };
  }
  return { rank: 0, worldSize: 1 };
}
