import { basename } from 'node:path';
import { DataError, type SftExample, toSftExample } from '@llm/data-quality';
import { type JsonRecord, readJsonRecords } from '@llm/data-quality/node';
import { CliError } from '../cli/cli-error.ts';
import { recordFiles } from '../corpus/record-files.ts';

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

const ENDINGS = ['.jsonl', '.ndjson', '.json'].flatMap((ending) => [ending, `${ending}.gz`]);

/**
 * The records of `.jsonl` files, of `.json` files that hold an array, each also compressed, and of folders of them.
 *
 * @throws CliError E_NOT_FOUND, E_EMPTY; DataError with file and line for the first record beyond `skipBad` that is no conversation
 * (E_SFT) or no JSON (E_JSON), for an array that breaks off, and for bytes that are no text; what `readJsonRecords` throws.
 */
export async function readSft(paths: readonly string[], { cwd, skipBad, signal }: ReadSftOptions): Promise<SftRecords> {
  const records: SftRecord[] = [];
  const bad: string[] = [];
  for (const path of paths) {
    for (const file of await recordFiles(path, { cwd, endings: ENDINGS })) {
      const source = basename(file);
      let left = skipBad;
      for await (const record of readJsonRecords(file, { signal })) {
        signal.throwIfAborted();
        try {
          records.push(sftRecord(record, file));
        } catch (error) {
          if (!(error instanceof DataError) || left-- < 1) throw error;
          bad.push(`${source}:${record.place}: ${error.message}`);
        }
      }
    }
  }
  if (records.length === 0) throw new CliError('E_EMPTY', `llm data score: expected conversations in ${paths.join(', ')} but found ${bad.length === 0 ? 'none' : `${bad.length} records that are none, such as ${bad[0]}`}. Write one JSON object a line, such as {"messages": […]}.`);
  return { records, bad };
}

function sftRecord(record: JsonRecord, file: string): SftRecord {
  const { line, place, text = '' } = record;
  if (record.error?.code === 'E_JSON') throw new DataError('E_JSON', { problem: `llm data score: expected JSON but found ${JSON.stringify(text.trim().slice(0, 60))}`, remedy: 'Fix the record, or pass over it with --skip-bad.', file, line, cause: record.error });
  if (record.error !== undefined) throw record.error;
  const { turns } = toSftExample(record.value, { id: file, line });
  const { id } = record.value as { id?: unknown };
  return { example: { id: typeof id === 'string' || typeof id === 'number' ? String(id) : `${basename(file)}:${place}`, turns }, json: /[\r\n]/.test(text.trim()) ? JSON.stringify(record.value) : text.trim() };
}
