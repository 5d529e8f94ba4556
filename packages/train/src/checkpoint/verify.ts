import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CheckpointError, reasonOf } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import { readManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';

/** The cheap half of the check: the manifest is whole, and every file is there with its size. */
export async function checkSizes(fs: FileSystem, folder: string): Promise<Manifest> {
  const manifest = await readManifest(fs, folder);
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const found = await fs.bytes(path).catch((cause: unknown) => {
      throw new CheckpointError('E_FILE_MISSING', `loadCheckpoint: expected ${bytes} bytes at ${path} but found ${reasonOf(cause)}.`, { cause });
    });
    if (found !== bytes) throw new CheckpointError('E_FILE_SIZE', `loadCheckpoint: expected ${bytes} bytes at ${path} but found ${found}.`);
  }
  return manifest;
}

/** Reads every file once and compares it with its hash; `take` receives the chunks. */
export async function checkHashes(
  fs: FileSystem,
  folder: string,
  { take = () => {} }: { take?: (name: string, chunk: Uint8Array, place: { at: number; bytes: number }) => void } = {},
): Promise<Manifest> {
  const manifest = await checkSizes(fs, folder);
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const hash = createHash('sha256');
    let at = 0;
    try {
      for await (const chunk of fs.read(path)) {
        if (at + chunk.length > bytes) break;
        hash.update(chunk);
        take(name, chunk, { at, bytes });
        at += chunk.length;
      }
    } catch (cause) {
      throw new CheckpointError('E_FILE_MISSING', `loadCheckpoint: expected ${bytes} readable bytes at ${path} but found ${reasonOf(cause)}.`, { cause });
    }
    if (at !== bytes || hash.digest('hex') !== sha256) {
      throw new CheckpointError('E_FILE_HASH', `loadCheckpoint: expected the bytes of sha256 ${sha256.slice(0, 12)}… at ${path} but found others. The disk or a copy damaged them.`);
    }
  }
  return manifest;
}
