import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';

/** A file being written; nothing is durable before `sync`. */
export interface WritableFile {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The few calls that checkpoints make, so that a test can stand between them and the disk. */
export interface FileSystem {
  /** Creates the folder and its parents; true when it was not there. */
  makeFolder(path: string): Promise<boolean>;
  list(path: string): Promise<string[]>;
  create(path: string): Promise<WritableFile>;
  read(path: string): AsyncIterable<Uint8Array>;
  bytes(path: string): Promise<number>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a whole folder; one that is not there is fine. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in the folder durable. */
  syncFolder(path: string): Promise<void>;
}

const CHUNK_BYTES = 4 * 2 ** 20;

async function create(path: string): Promise<WritableFile> {
  const handle = await open(path, 'wx');
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, at, Math.min(CHUNK_BYTES, bytes.length - at));
        at += bytesWritten;
      }
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

async function* read(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(path, 'r');
  try {
    for (;;) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** The disk, by Node. */
export const nodeFs: FileSystem = Object.freeze({
  makeFolder: async (path: string) => (await mkdir(path, { recursive: true })) !== undefined,
  list: (path: string) => readdir(path),
  create,
  read,
  bytes: async (path: string) => (await stat(path)).size,
  rename: (from: string, to: string) => rename(from, to),
  remove: (path: string) => rm(path, { recursive: true, force: true }),
  async syncFolder(path: string) {
    if (process.platform === 'win32') return; // Windows opens no folders, and journals renames itself
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
});
