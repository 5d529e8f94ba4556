import { createHash } from 'node:crypto';
import { readJsonRecords } from '@llm/data-quality/node';
import { CliError } from '../cli/cli-error.ts';
import { recordFiles } from '../corpus/record-files.ts';

/** Records of JSON lines, and the hash of the files that they came from. */
export interface Records {
  readonly records: readonly unknown[];
  readonly sha256: string;
}

/**
 * The records of `.jsonl` files, and of folders of them.
 *
 * @throws CliError E_NOT_FOUND; E_JSON with file and line for a line that is no JSON; E_EMPTY where there is no record; what
 * `readJsonRecords` throws.
 */
export async function readRecords(paths: readonly string[], cwd: string): Promise<Records> {
  const hash = createHash('sha256');
  const records: unknown[] = [];
  for (const path of paths) {
    for (const file of await recordFiles(path, { cwd, endings: ['.jsonl', '.ndjson'] })) {
      let last = 0;
      for await (const record of readJsonRecords(file)) {
        const { line, text = '' } = record;
        if (record.error?.code === 'E_JSON') throw new CliError('E_JSON', `llm: expected JSON at ${file}:${line} but found ${JSON.stringify(text.trim().slice(0, 60))}. Write one record a line.`, { cause: record.error });
        if (record.error !== undefined) throw record.error;
        // Empty lines between records count.
        hash.update('\n'.repeat(Math.max(0, line - last - 1))).update(text).update('\n');
        last = line;
        records.push(record.value);
      }
    }
  }
  if (records.length === 0) throw new CliError('E_EMPTY', `llm: expected records in ${paths.join(', ')} but found none. Write one JSON object a line.`);
  return { records, sha256: hash.digest('hex') };
}
