import { createHash } from 'node:crypto';
import type { Tree } from '@llm/tensor';
import { CheckpointError } from '../checkpoint/errors.ts';
import type { FileSystem } from '../checkpoint/file-system.ts';
import { latestCheckpoint, loadCheckpoint } from '../checkpoint/load-checkpoint.ts';
import { type CheckpointFiles, saveCheckpoint } from '../checkpoint/save-checkpoint.ts';
import type { Skipped } from '../checkpoint/run-folder.ts';
import { canonicalText } from '../config-changes.ts';
import { type Restored, type RestoreOptions, restoreTraining, type TrainingFacts, trainingFiles } from '../state.ts';
import type { TrainingState } from '../training-state.ts';

export interface SaveTrainingOptions extends TrainingFacts {
  readonly params: Tree;
  readonly state: TrainingState;
  /** Further files, for instance `config.json` and `tokenizer.json`, so that the folder is a whole model. */
  readonly files?: CheckpointFiles;
  /** Whether loss and gradients were finite; default by the guard. One that is not never crowds out the last `keep` that are. */
  readonly finite?: boolean;
  /** How many to keep, at least 2, which is the default. */
  readonly keep?: number;
  /** How many saves in a row may fail; default 3. */
  readonly maxFailures?: number;
  readonly fs?: FileSystem;
}

export interface SavedTraining {
  /** Where it was saved; undefined where it was not. */
  readonly path?: string;
  /** Saves of this run that failed in a row. */
  readonly failures: number;
  /** What went wrong, for the user; training may go on. */
  readonly problems: readonly string[];
}

/** Failed saves in a row of each run, which its state stands for. */
const failuresOf = new WeakMap<TrainingState, number>();

/**
 * Saves a run so that `resumeTraining` goes on to the bit, between two steps of `train`.
 *
 * Where the disk is full or fails, what was saved before stays as it was, the problem is returned and training can go on: the
 * next save tries again.
 *
 * @throws CheckpointError E_SAVE or E_VERIFY when `maxFailures` saves in a row have failed.
 */
export async function saveTraining(runFolder: string, options: SaveTrainingOptions): Promise<SavedTraining> {
  const { params, state, data, config = null, files = {}, finite = state.guard.bad === 0, maxFailures = 3, keep, fs } = options;
  try {
    const { path, problems } = await saveCheckpoint(runFolder, {
      step: state.step,
      files: { ...files, ...trainingFiles(params, state, { config, ...(data === undefined ? {} : { data }) }) },
      configHash: createHash('sha256').update(canonicalText(config)).digest('hex'),
      finite,
      ...(keep === undefined ? {} : { keep }),
      ...(fs === undefined ? {} : { fs }),
    });
    failuresOf.delete(state);
    return { path, failures: 0, problems };
  } catch (error) {
    if (!(error instanceof CheckpointError) || (error.code !== 'E_SAVE' && error.code !== 'E_VERIFY')) throw error;
    const failures = (failuresOf.get(state) ?? 0) + 1;
    failuresOf.set(state, failures);
    if (failures < maxFailures) return { failures, problems: [error.message] };
    throw new CheckpointError(error.code, `saveTraining: expected a save to succeed but found ${failures} in a row that failed. Free space or use another disk, then resume. The last: ${error.message}`, { cause: error });
  }
}

export interface ResumedTraining extends Restored {
  readonly step: number;
  readonly path: string;
  /** Checkpoints that were passed over, and why. */
  readonly skipped: readonly Skipped[];
}

/**
 * Goes on with the newest whole checkpoint of a run: overwrites `params` in place and gives the state for `train`.
 *
 * @returns undefined for a run that has saved nothing.
 * @throws ResumeError E_CONFIG_CHANGED or E_STATE; CheckpointError E_NONE_WHOLE when every checkpoint is damaged.
 *
 * @example
 * ```ts
 * import { tensor, useDevice } from '@llm/tensor';
 * import { adamw, startTraining } from '@llm/train';
 * import { resumeTraining, saveTraining } from '@llm/train/node';
 * await useDevice('cpu');
 * const optimizer = adamw({ lr: 1e-3 });
 * const params = { w: tensor([1, 2]) };
 * await saveTraining('resumed-run', { params, state: startTraining(params, optimizer), config: { lr: 1e-3 } });
 * const other = { w: tensor([0, 0]) };
 * const resumed = await resumeTraining('resumed-run', { params: other, optimizer, config: { lr: 1e-3 } });
 * if (resumed?.step !== 0 || other.w.dataSync()[1] !== 2) throw new Error('what was saved is restored');
 * ```
 */
export async function resumeTraining(runFolder: string, options: RestoreOptions & { readonly fs?: FileSystem }): Promise<ResumedTraining | undefined> {
  const { fs } = options;
  const from = fs === undefined ? {} : { fs };
  const newest = await latestCheckpoint(runFolder, from);
  if (newest === undefined) return undefined;
  const { files } = await loadCheckpoint(newest.path, from);
  return { ...restoreTraining(files, options), step: newest.step, path: newest.path, skipped: newest.skipped };
}
