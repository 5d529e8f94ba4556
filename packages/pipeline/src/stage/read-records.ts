import { createReadStream, existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { CliError } from '../cli/cli-error.ts';

/** Records of JSON lines, and the hash of the files that they came from. */
export interface Records {
  readonly records: readonly unknown[];
  readonly sha256: string;
}

/**
 * The records of `.jsonl` files, and of folders of them.
 *
 * @throws CliError E_NOT_FOUND; E_JSON with file and line for a line that is no JSON; E_EMPTY where there is no record.
 */
export async function readRecords(paths: readonly string[], cwd: string): Promise<Records> {
  const hash = createHash('sha256');
  const records: unknown[] = [];
  for (const path of paths) {
    for (const file of await filesOf(resolve(cwd, path), path)) {
      let line = 0;
      for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
        line++;
        hash.update(text).update('\n');
        const trimmed = line === 1 ? text.replace(/^\ufeff/, '').trim() : text.trim();
        if (trimmed === '') continue;
        try {
          records.push(JSON.parse(trimmed));
        } catch (cause) {
          throw new CliError('E_JSON', `llm: expected JSON at ${file}:${line} but found ${JSON.stringify(trimmed.slice(0, 60))}. Write one record a line.`, { cause });
        }
      }
    }
  }
  if (records.length === 0) throw new CliError('E_EMPTY', `llm: expected records in ${paths.join(', ')} but found none. Write one JSON object a line.`);
  return { records, sha256: hash.digest('hex') };
}

async function filesOf(path: string, shown: string): Promise<string[]> {
  if (!existsSync(path)) throw new CliError('E_NOT_FOUND', `llm: expected a file of JSON lines but found nothing at ${shown}.`);
  if (!statSync(path).isDirectory()) return [path];
  const found = (await readdir(path)).filter((name) => /\.(?:jsonl|ndjson)$/.test(name)).toSorted();
  if (found.length === 0) throw new CliError('E_NOT_FOUND', `llm: expected .jsonl files in ${shown} but found none.`);
  return found.map((name) => join(path, name));
}
