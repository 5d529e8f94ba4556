import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that has its name only once it is whole. */
export interface UnfinishedFile {
  readonly handle: FileHandle;
  /** Brings it to the disk and moves it to its place. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export interface UnfinishedFileOptions {
  /** Its name until it is whole, on the same file system; by default a new one beside its place. */
  readonly unfinished?: string;
}

/** Brings a folder's entries to the disk, where the system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // Windows cannot, and does not need it.
  } finally {
    await handle?.close();
  }
}

/** Opens a file for writing. Folders are made. */
export async function openUnfinished(file: string, { unfinished = `${file}.${randomUUID()}.tmp` }: UnfinishedFileOptions = {}): Promise<UnfinishedFile> {
  await Promise.all([file, unfinished].map((each) => mkdir(dirname(each), { recursive: true })));
  const handle = await open(unfinished, 'wx');
  return {
    handle,
    finish: async () => {
      await handle.sync();
      await handle.close();
      await rename(unfinished, file);
      await syncFolder(dirname(file));
    },
    discard: async () => {
      await handle.close().catch(() => undefined);
      await rm(unfinished, { force: true });
    },
  };
}

/** Runs `write` on a file that is moved to its place when it is whole: a run that fails or is killed leaves the old file or none. */
export async function writeWholeFile<T>(file: string, write: (handle: FileHandle) => Promise<T>, options: UnfinishedFileOptions = {}): Promise<T> {
  const { handle, finish, discard } = await openUnfinished(file, options);
  try {
    const result = await write(handle);
    await finish();
    return result;
  } catch (error) {
    await discard();
    throw error;
  }
}
