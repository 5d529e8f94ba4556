import { createReadStream, existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DataError, gunzip, readLines, type SftExample, toSftExample } from '@llm/data-quality';
import { CliError } from '../cli/cli-error.ts';

/** A record of supervised fine-tuning, and the example that it stands for. */
export interface SftRecord {
  readonly example: SftExample;
  /** The record as it was written, on one line. */
  readonly json: string;
}

export interface SftRecords {
  readonly records: readonly SftRecord[];
  /** Bad records that were passed over, as `file:line: what is wrong`. */
  readonly bad: readonly string[];
}

export interface ReadSftOptions {
  readonly cwd: string;
  /** Bad records to pass over in each file. */
  readonly skipBad: number;
  readonly signal: AbortSignal;
}

/**
 * The records of `.jsonl` files, of `.json` files that hold an array, each also gzipped, and of folders of them.
 *
 * @throws CliError E_NOT_FOUND, E_EMPTY; DataError with file and line for the first record beyond `skipBad` that is no conversation
 * (E_SFT) or no JSON (E_JSON), and for bytes that are no text.
 */
export async function readSft(paths: readonly string[], { cwd, skipBad, signal }: ReadSftOptions): Promise<SftRecords> {
  const records: SftRecord[] = [];
  const bad: string[] = [];
  for (const path of paths) {
    for (const file of await filesOf(resolve(cwd, path), path)) {
      const source = basename(file);
      let left = skipBad;
      for await (const { line, json } of recordsOf(file)) {
        signal.throwIfAborted();
        try {
          const record: unknown = parsed(json, { file, line });
          const { id } = record as { id?: unknown };
          const { turns } = toSftExample(record, { id: file, line });
          records.push({ example: { id: typeof id === 'string' || typeof id === 'number' ? String(id) : `${source}:${line}`, turns }, json });
        } catch (error) {
          if (!(error instanceof DataError) || left-- < 1) throw error;
          bad.push(`${source}:${line}: ${error.message}`);
        }
      }
    }
  }
  if (records.length === 0) throw new CliError('E_EMPTY', `llm data score: expected conversations in ${paths.join(', ')} but found ${bad.length === 0 ? 'none' : `${bad.length} records that are none, such as ${bad[0]}`}. Write one JSON object a line, such as {"messages": […]}.`);
  return { records, bad };
}

function parsed(json: string, { file, line }: { file: string; line: number }): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new DataError('E_JSON', { problem: `llm data score: expected JSON but found ${JSON.stringify(json.slice(0, 60))}`, remedy: 'Fix the line, or pass over it with --skip-bad.', file, line, cause });
  }
}

/** Each record with its line, or with its place in an array, from 1. */
async function* recordsOf(file: string): AsyncGenerator<{ line: number; json: string }> {
  const zipped = file.endsWith('.gz');
  if (/\.json(?:\.gz)?$/.test(file)) {
    const chunks: Uint8Array[] = [];
    if (zipped) for await (const chunk of gunzip(createReadStream(file), { source: file })) chunks.push(chunk);
    const array = parsed((zipped ? Buffer.concat(chunks).toString('utf8') : await readFile(file, 'utf8')).replace(/^\ufeff/, ''), { file, line: 1 });
    for (const [i, record] of (Array.isArray(array) ? array : [array]).entries()) yield { line: i + 1, json: JSON.stringify(record) };
    return;
  }
  const bytes = createReadStream(file);
  let line = 0;
  for await (const text of readLines(zipped ? gunzip(bytes, { source: file }) : bytes, { source: file })) {
    line++;
    if (text.trim() !== '') yield { line, json: text.trim() };
  }
}

async function filesOf(path: string, shown: string): Promise<string[]> {
  if (!existsSync(path)) throw new CliError('E_NOT_FOUND', `llm data score: expected records but found nothing at ${shown}. Check the path.`);
  if (!statSync(path).isDirectory()) return [path];
  const found = (await readdir(path)).filter((name) => /\.(?:jsonl|ndjson|json)(?:\.gz)?$/.test(name)).toSorted();
  if (found.length === 0) throw new CliError('E_NOT_FOUND', `llm data score: expected .jsonl or .json files in ${shown} but found none. Name the files.`);
  return found.map((name) => join(path, name));
}
