import { createHash, randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { openUnfinished, writeWholeFile } from '../whole-file.ts';

/** A file that is whole. */
export interface WholeFile {
  readonly bytes: number;
  /** Of the bytes as they lie on the disk, in hexadecimal. */
  readonly sha256: string;
}

/** A file that has its name only once it is whole. */
export interface AtomicFile {
  /** A promise where the disk has to be waited for. */
  write(text: string): Promise<void> | undefined;
  finish(): Promise<WholeFile>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export interface AtomicFileOptions {
  /** Folder on the same file system, for what is not whole yet. */
  readonly temporary: string;
  /** 1 to 9; undefined writes plain text. */
  readonly gzipLevel?: number | undefined;
}

const compress: (bytes: Uint8Array, options: { level: number }) => Promise<Uint8Array> = promisify(gzip);
const CHUNK_UNITS = 1 << 20;
const DAY_MS = 86_400_000;
const OWNER = /^(\d+)@(.*)~/;

/** A name that says whose it is, so that what a killed process left can be told from what another one is writing. */
export const unfinishedIn = (temporary: string): string => join(temporary, `${process.pid}@${hostname()}~${randomUUID()}`);

/** Whether a process of this machine lives. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

/** Removes what processes of this machine left when they were killed, and what any left a day ago. */
export async function sweepUnfinished(temporary: string): Promise<void> {
  for (const name of await readdir(temporary).catch(() => [])) {
    const [, pid, host] = OWNER.exec(name) ?? [];
    const path = join(temporary, name);
    const isLeft = host === hostname() ? !isAlive(Number(pid)) : Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) > DAY_MS;
    if (isLeft) await rm(path, { force: true });
  }
}

/** Opens a file for writing. Each mebibyte is a gzip member of its own: the same text gives the same bytes. */
export async function atomicFile(path: string, { temporary, gzipLevel }: AtomicFileOptions): Promise<AtomicFile> {
  const { handle, finish, discard } = await openUnfinished(path, { unfinished: unfinishedIn(temporary) });
  const hash = createHash('sha256');
  const encoder = new TextEncoder();
  let pending: string[] = [];
  let units = 0;
  let bytes = 0;
  // One chunk after the other, whoever writes at the same time.
  let last: Promise<void> = Promise.resolve();

  const flush = (): Promise<void> => {
    const plain = encoder.encode(pending.join(''));
    pending = [];
    units = 0;
    return (last = last.then(async () => {
      if (plain.length === 0) return;
      const chunk = gzipLevel === undefined ? plain : await compress(plain, { level: gzipLevel });
      hash.update(chunk);
      bytes += chunk.length;
      await handle.writeFile(chunk);
    }));
  };
  return {
    write: (text) => {
      pending.push(text);
      units += text.length;
      return units < CHUNK_UNITS ? undefined : flush();
    },
    finish: async () => {
      await flush();
      await finish();
      return { bytes, sha256: hash.digest('hex') };
    },
    discard,
  };
}

/** Writes a whole file at once in the same way. */
export async function writeWhole(path: string, content: string | Uint8Array, { temporary }: Pick<AtomicFileOptions, 'temporary'>): Promise<WholeFile> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  await writeWholeFile(path, (handle) => handle.writeFile(bytes), { unfinished: unfinishedIn(temporary) });
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
