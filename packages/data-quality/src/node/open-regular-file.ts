import { constants } from 'node:fs';
import { open, readlink, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { DataError } from '../data-error.ts';
import type { ByteSource } from '../parquet/byte-source.ts';

/** What a directory entry is, in words, where it is not a regular file. */
export function kindOf(stats: Pick<Stats, 'isSymbolicLink' | 'isDirectory' | 'isFIFO' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice'>): string {
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return 'something that is no file';
}

/** What to throw for something that is named as data and is not. */
export function notAFile(kind: string, file: string): DataError {
  return new DataError('E_NOT_A_FILE', { problem: `readDocuments: expected a regular file or a folder but found ${kind}`, remedy: 'Copy the data into a regular file and name that.', file });
}

/** File system failures as a DataError; anything else as it is. */
export function asDataError(error: unknown, file: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new DataError('E_NOT_FOUND', { problem: 'readDocuments: expected a file or a folder but found nothing', remedy: 'Check the path.', file, cause: error });
  if (code === 'ELOOP') return notAFile('a symbolic link', file);
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) && !(error instanceof DataError)) {
    return new DataError('E_UNREADABLE', { problem: `readDocuments: expected a readable file but found ${code}`, remedy: 'Check its permissions and the disk, or set skipUnreadable.', file, cause: error });
  }
  return error;
}

export interface OpenOptions {
  readonly followSymlinks: boolean;
  readonly maxFileBytes: number;
}

/**
 * Opens a file for reading and makes sure, on the open handle, that it is a regular one: between a look at the path and
 * opening it, the path may have been changed. Never waits for the other end of a named pipe.
 */
export async function openRegularFile(file: string, { followSymlinks, maxFileBytes }: OpenOptions): Promise<FileHandle> {
  // Both flags are undefined, so 0, on Windows, where neither danger exists in this form.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (followSymlinks ? 0 : (constants.O_NOFOLLOW ?? 0));
  let handle: FileHandle;
  try {
    handle = await open(file, flags);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ELOOP') throw notAFile(`a symbolic link to ${await readlink(file).catch(() => 'somewhere')}`, file);
    // A socket cannot be opened at all.
    if ((error as { code?: unknown }).code === 'ENXIO') throw notAFile('a socket', file);
    throw asDataError(error, file);
  }
  const stats = await handle.stat();
  const problem = !stats.isFile()
    ? notAFile(kindOf(stats), file)
    : stats.size > maxFileBytes
      ? new DataError('E_FILE_TOO_LARGE', { problem: `readDocuments: expected files of at most ${maxFileBytes} bytes but found ${stats.size}`, remedy: 'Split the file, or raise maxFileBytes.', file })
      : undefined;
  if (problem) {
    await handle.close();
    throw problem;
  }
  return handle;
}

const CHUNK_BYTES = 256 * 1024;

const becameShorter = (expected: string, file: string): DataError => new DataError('E_UNREADABLE', { problem: `readDocuments: expected ${expected} but found the file shorter while it was read`, remedy: 'Wait until the file is written.', file });

export interface ChunksOptions {
  readonly file: string;
  readonly signal: AbortSignal | undefined;
  /** Bytes from `start` up to but not including `end` alone, all of which have to be there. */
  readonly range?: { readonly start: number; readonly end: number };
}

/** The bytes of an open file in order; each chunk is valid until the next is asked for. Closes the handle in any case. */
export async function* chunksOf(handle: FileHandle, { file, signal, range }: ChunksOptions): AsyncGenerator<Uint8Array> {
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    const end = range?.end ?? Infinity;
    for (let at = range?.start ?? 0; at < end; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK_BYTES, end - at), range ? at : null).catch((error: unknown) => {
        throw asDataError(error, file);
      });
      if (bytesRead === 0 && range) throw becameShorter(`bytes ${range.start} to ${range.end}`, file);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** An open file that is read in ranges. Does not close the handle. */
export async function rangesOf(handle: FileHandle, { file, signal }: { file: string; signal: AbortSignal | undefined }): Promise<ByteSource> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    slice: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        signal?.throwIfAborted();
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at).catch((error: unknown) => {
          throw asDataError(error, file);
        });
        if (bytesRead === 0) throw becameShorter(`${size} bytes`, file);
        at += bytesRead;
      }
      return bytes.buffer;
    },
  };
}
