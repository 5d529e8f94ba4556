export { saveCheckpoint, type CheckpointFiles, type SaveOptions, type SaveResult } from '../checkpoint/save-checkpoint.ts';
export { latestCheckpoint, loadCheckpoint, type LatestCheckpoint } from '../checkpoint/load-checkpoint.ts';
export type { Json, Manifest } from '../checkpoint/manifest.ts';
export { lockRun, type RunLock } from '../checkpoint/lock-run.ts';
export { freeBytes } from '../checkpoint/free-bytes.ts';
export { CheckpointError, type CheckpointErrorCode } from '../checkpoint/errors.ts';
export { nodeFs, type FileSystem, type WritableFile } from '../checkpoint/file-system.ts';
export type { Skipped } from '../checkpoint/run-folder.ts';
export { resumeTraining, saveTraining, type ResumedTraining, type SavedTraining, type SaveTrainingOptions } from './save-training.ts';
