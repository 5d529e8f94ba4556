import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CheckpointError, reasonOf } from './errors.ts';
import type { FileSystem } from './file-system.ts';

/** JSON as it can be stored and read back without loss. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export const FORMAT_VERSION = 1;
export const MANIFEST = 'manifest.json';

/** A manifest lists some tens of files; anything longer is none. */
const MAX_MANIFEST_BYTES = 64 * 2 ** 20;

/** What a checkpoint holds, written after everything else: without it a folder is no checkpoint. */
export interface Manifest {
  readonly formatVersion: number;
  readonly step: number;
  /** Counts the saves of a run. After going back to an early step, the newest save is not the one with the highest step. */
  readonly sequence: number;
  /** Whether loss, gradients and parameters were finite. */
  readonly finite: boolean;
  /** Identifies configuration and tokenizer, for the trainer to compare. */
  readonly configHash: string;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
  readonly meta: Json;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The manifest as JSON, with the hash of itself so that a flipped bit in it shows too. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ sha256: sha256(JSON.stringify(manifest)), manifest }, null, 1)}\n`;
}

/** Throws for values that JSON would silently turn into others: NaN into null, a Float32Array into an object. */
export function checkMeta(meta: Json): void {
  JSON.stringify(meta, (key, value: unknown) => {
    const lossy = typeof value === 'number' ? !Number.isFinite(value) || Object.is(value, -0)
      : ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set || typeof value === 'bigint' || typeof value === 'function';
    if (lossy) throw new TypeError(`saveCheckpoint: expected meta that JSON keeps as it is but found ${Object.is(value, -0) ? '-0' : typeof value === 'object' ? value?.constructor.name : String(value)} at "${key}". Store it in a file, or as a string.`);
    return value;
  });
}

function parse(text: string, path: string): Manifest {
  const refusal = (found: string, cause?: unknown): CheckpointError =>
    new CheckpointError('E_MANIFEST', `loadCheckpoint: expected a whole manifest at ${path} but found ${found}.`, { cause });
  let stored: { sha256?: unknown; manifest?: Manifest } | null;
  try {
    stored = JSON.parse(text) as typeof stored;
  } catch (cause) {
    throw refusal('text that is cut or no JSON', cause);
  }
  const manifest = stored?.manifest;
  if (manifest === undefined || stored?.sha256 !== sha256(JSON.stringify(manifest))) throw refusal('one that differs from its hash');
  if (manifest.formatVersion !== FORMAT_VERSION) {
    throw new CheckpointError('E_VERSION', `loadCheckpoint: expected format version ${FORMAT_VERSION} at ${path} but found ${String(manifest.formatVersion)}. Read it with the version that wrote it.`);
  }
  for (const name of Object.keys(manifest.files)) checkFileName(name);
  return manifest;
}

/** Names are relative, with `/` between folders, and stay inside the checkpoint on every operating system. */
export function checkFileName(name: string): void {
  const odd = name === MANIFEST || /[\u0000-\u001f\u007f\\:]/.test(name)
    || name.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
  if (odd) throw new RangeError(`saveCheckpoint: expected a file name inside the checkpoint but found ${JSON.stringify(name)}.`);
}

/** The bytes of a file that may have at most `maxBytes`. */
export async function readAll(fs: FileSystem, path: string, { maxBytes }: { maxBytes: number }): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of fs.read(path)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new CheckpointError('E_FILE_SIZE', `loadCheckpoint: expected at most ${maxBytes} bytes in ${path} but found more.`);
    chunks.push(chunk);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** The manifest of a checkpoint, whose hash of itself was checked. */
export async function readManifest(fs: FileSystem, folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  let bytes: Uint8Array;
  try {
    bytes = await readAll(fs, path, { maxBytes: MAX_MANIFEST_BYTES });
  } catch (cause) {
    throw new CheckpointError('E_MANIFEST', `loadCheckpoint: expected a manifest at ${path} but found ${reasonOf(cause)}. The save was not finished.`, { cause });
  }
  return parse(new TextDecoder().decode(bytes), path);
}
