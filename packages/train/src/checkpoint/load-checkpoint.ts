import { basename, join } from 'node:path';
import { CheckpointError, reasonOf } from './errors.ts';
import { nodeFs } from './file-system.ts';
import type { FileSystem } from './file-system.ts';
import { readAll } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { findCheckpoints, namesIn } from './run-folder.ts';
import type { FoundCheckpoint, Skipped } from './run-folder.ts';
import { checkHashes } from './verify.ts';

export interface LatestCheckpoint {
  readonly step: number;
  readonly path: string;
  readonly manifest: Manifest;
  /** What was passed over on the way, and why; worth telling the user. */
  readonly skipped: readonly Skipped[];
}

/** Says so when `latest` names something else than was chosen; the pointer is never followed. */
async function checkPointer(fs: FileSystem, runFolder: string, chosen: FoundCheckpoint): Promise<Skipped[]> {
  if (!(await namesIn(fs, runFolder)).includes('latest')) return [];
  const path = join(runFolder, 'latest');
  try {
    const text = new TextDecoder().decode(await readAll(fs, path, { maxBytes: 4096 }));
    const name = basename(chosen.path);
    return text === `${name}\n` ? [] : [{ path, why: `it names ${JSON.stringify(text.trim().slice(0, 80))}, not ${name}` }];
  } catch (error) {
    return [{ path, why: reasonOf(error) }];
  }
}

/**
 * The newest checkpoint of a run whose every byte matches its manifest; damaged and unfinished ones are passed over and named.
 *
 * @returns undefined for a run without checkpoints.
 * @throws CheckpointError E_NONE_WHOLE when there are checkpoints and every one is damaged: starting anew is then a decision
 * for the user, not for a default.
 */
export async function latestCheckpoint(runFolder: string, { fs = nodeFs }: { fs?: FileSystem } = {}): Promise<LatestCheckpoint | undefined> {
  const { found, broken } = await findCheckpoints(fs, runFolder);
  const skipped: Skipped[] = [...broken];
  for (const candidate of found) {
    try {
      const manifest = await checkHashes(fs, candidate.path);
      skipped.push(...await checkPointer(fs, runFolder, candidate));
      return { step: manifest.step, path: candidate.path, manifest, skipped };
    } catch (error) {
      skipped.push({ path: candidate.path, why: reasonOf(error) });
    }
  }
  if (skipped.length === 0) return undefined;
  const list = skipped.slice(0, 5).map(({ path, why }) => `\n  ${path}: ${why}`).join('');
  throw new CheckpointError('E_NONE_WHOLE', `latestCheckpoint: expected a whole checkpoint in ${runFolder} but found only damaged ones. Move them away to start anew.${list}`);
}

/**
 * Reads a checkpoint into memory and checks every byte against its manifest.
 *
 * @throws CheckpointError E_MANIFEST, E_VERSION, E_FILE_MISSING, E_FILE_SIZE, E_FILE_HASH.
 */
export async function loadCheckpoint(path: string, { fs = nodeFs }: { fs?: FileSystem } = {}): Promise<{ manifest: Manifest; files: ReadonlyMap<string, Uint8Array> }> {
  const files = new Map<string, Uint8Array>();
  const manifest = await checkHashes(fs, path, {
    // Sizes on disk were compared with the manifest before the first chunk, so this allocates no more than is there.
    take(name, chunk, { at, bytes }) {
      if (at === 0) files.set(name, new Uint8Array(bytes));
      files.get(name)!.set(chunk, at);
    },
  });
  for (const name of Object.keys(manifest.files)) if (!files.has(name)) files.set(name, new Uint8Array(0));
  return { manifest, files };
}
