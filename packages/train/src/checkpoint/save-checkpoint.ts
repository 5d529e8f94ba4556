import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { CheckpointError, reasonOf } from './errors.ts';
import { nodeFs } from './file-system.ts';
import type { FileSystem } from './file-system.ts';
import { checkFileName, checkMeta, FORMAT_VERSION, MANIFEST, manifestText } from './manifest.ts';
import type { Json, Manifest } from './manifest.ts';
import { removeCheckpoint, removeOld } from './retention.ts';
import { findCheckpoints, namesIn, sweepLeftovers } from './run-folder.ts';
import { checkHashes } from './verify.ts';

/** What a checkpoint holds, by names relative to it; `/` makes folders. */
export interface CheckpointFiles {
  readonly [relativeName: string]: Uint8Array | AsyncIterable<Uint8Array> | string;
}

export interface SaveOptions {
  readonly step: number;
  readonly files: CheckpointFiles;
  /** Small facts to read without opening a file: data position, random state, metrics. */
  readonly meta?: Json;
  /** Whether everything saved is finite; one that is not never crowds out the last `keep` that are. */
  readonly finite?: boolean;
  readonly configHash?: string;
  /** How many to keep, at least 2: the newest may turn out to be damaged. */
  readonly keep?: number;
  readonly fs?: FileSystem;
}

export interface SaveResult {
  readonly path: string;
  readonly manifest: Manifest;
  /** Older checkpoints that were removed. */
  readonly removed: readonly string[];
  /** What went wrong without harm to this checkpoint: a leftover that could not be removed, a damaged older one. */
  readonly problems: readonly string[];
}

/** Temporary folders that this process is writing now, so that a second save does not sweep them. */
const busy = new Set<string>();

async function* chunksOf(content: CheckpointFiles[string]): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof content === 'string') yield new TextEncoder().encode(content);
  else if (content instanceof Uint8Array) yield content;
  else yield* content;
}

async function writeDurably(fs: FileSystem, path: string, content: CheckpointFiles[string]): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await fs.create(path);
  try {
    for await (const chunk of chunksOf(content)) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Writes all files, then the manifest, then makes the folders themselves durable. */
async function writeFolder(fs: FileSystem, folder: string, { files, ...facts }: Omit<Manifest, 'files'> & { files: CheckpointFiles }): Promise<Manifest> {
  const folders = new Set([folder]);
  await fs.makeFolder(folder);
  const written: [string, { bytes: number; sha256: string }][] = [];
  for (const [name, content] of Object.entries(files)) {
    const parts = name.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const parent = join(folder, ...parts.slice(0, depth));
      if (!folders.has(parent)) await fs.makeFolder(parent);
      folders.add(parent);
    }
    written.push([name, await writeDurably(fs, join(folder, name), content)]);
  }
  const manifest: Manifest = { ...facts, files: Object.fromEntries(written) };
  await writeDurably(fs, join(folder, MANIFEST), manifestText(manifest));
  for (const path of [...folders].reverse()) await fs.syncFolder(path);
  return manifest;
}

/** The advisory pointer for people and scripts; nothing here trusts it. */
async function pointLatest(fs: FileSystem, runFolder: string, name: string): Promise<void> {
  const temporary = join(runFolder, `latest.tmp-${process.pid}`);
  try {
    await fs.remove(temporary);
    await writeDurably(fs, temporary, `${name}\n`);
    await fs.rename(temporary, join(runFolder, 'latest'));
  } catch (error) {
    await fs.remove(temporary).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/**
 * Saves a checkpoint so that a crash at any moment leaves the run with a whole one.
 *
 * Writes `step-N.tmp-<pid>/` with every file forced to disk and `manifest.json` (sizes, sha256, the hash of itself) last,
 * renames it to `step-N/`, forces the rename to disk, reads everything back, and only then removes older checkpoints: the
 * newest `keep` stay, and the newest `keep` finite ones.
 *
 * @throws CheckpointError E_SAVE with the system's error as `cause` (ENOSPC, EIO …): the earlier checkpoints are as they were
 * and the temporary folder is gone, so training can go on and try again. E_VERIFY: what was read back is not what was written.
 * RangeError or TypeError for a step, a file name or meta that cannot be stored.
 *
 * @example
 * ```ts
 * import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from '@llm/train/node';
 * await saveCheckpoint('run', { step: 10, files: { 'model.safetensors': new Uint8Array([1, 2]) }, meta: { seed: 7 } });
 * const newest = await latestCheckpoint('run');
 * const { files, manifest } = await loadCheckpoint(newest!.path);
 * if (manifest.step !== 10 || files.get('model.safetensors')![1] !== 2) throw new Error('what was saved is loaded');
 * ```
 */
export async function saveCheckpoint(runFolder: string, options: SaveOptions): Promise<SaveResult> {
  const { step, files, meta = {}, finite = true, configHash = '', keep = 2, fs = nodeFs } = options;
  if (!Number.isSafeInteger(step) || step < 0) throw new RangeError(`saveCheckpoint: expected a whole step >= 0 but found ${step}.`);
  if (!Number.isSafeInteger(keep) || keep < 2) throw new RangeError(`saveCheckpoint: expected keep >= 2 but found ${keep}. The newest checkpoint may turn out to be damaged.`);
  for (const name of Object.keys(files)) checkFileName(name);
  checkMeta(meta);

  const name = `step-${step}`;
  const path = join(runFolder, name);
  const temporary = join(runFolder, `${name}.tmp-${process.pid}`);
  if (busy.has(temporary)) throw new RangeError(`saveCheckpoint: expected step ${step} to be saved once at a time but found a save of it under way. Await it first.`);
  const problems: string[] = [];
  const tolerate = async (what: string, work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => problems.push(`${what}: ${reasonOf(error)}`));
  };

  busy.add(temporary);
  let manifest: Manifest;
  try {
    if (await fs.makeFolder(runFolder)) await fs.syncFolder(dirname(runFolder));
    await tolerate('could not clear leftovers', () => sweepLeftovers(fs, runFolder, { busy }));
    await fs.remove(temporary);
    const { found } = await findCheckpoints(fs, runFolder);
    const sequence = (found[0]?.manifest.sequence ?? 0) + 1;
    manifest = await writeFolder(fs, temporary, { formatVersion: FORMAT_VERSION, step, sequence, finite, configHash, files, meta });
    if ((await namesIn(fs, runFolder)).includes(name)) {
      const replaced = `${path}.replaced-${process.pid}`;
      await fs.remove(replaced);
      await fs.rename(path, replaced);
    }
    await fs.rename(temporary, path);
    await fs.syncFolder(runFolder);
  } catch (cause) {
    await fs.remove(temporary).catch(() => {}); // the first error is the one to tell; the next save sweeps
    const full = reasonOf(cause) === 'ENOSPC' ? ' Free some space: the next save tries again.' : '';
    throw new CheckpointError('E_SAVE', `saveCheckpoint: expected to write ${path} but found ${reasonOf(cause)}. Earlier checkpoints are untouched.${full}`, { cause });
  } finally {
    busy.delete(temporary);
  }

  try {
    await checkHashes(fs, path);
  } catch (cause) {
    await removeCheckpoint(fs, path).catch(() => {}); // it would be passed over anyway
    throw new CheckpointError('E_VERIFY', `saveCheckpoint: expected to read back what was written to ${path} but found otherwise: ${reasonOf(cause)} Earlier checkpoints are untouched.`, { cause });
  }
  await tolerate('could not point latest', () => pointLatest(fs, runFolder, name));
  const removed: string[] = [];
  await tolerate('could not remove old checkpoints', () => removeOld(fs, runFolder, { keep, newest: path, removed, problems }));
  return { path, manifest, removed, problems };
}
