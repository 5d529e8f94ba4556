import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EvalError } from '../eval-error.ts';
import type { Doc } from '../tasks/doc.ts';

/**
 * Documents of a file of JSON lines.
 *
 * @throws EvalError E_TASK_DATA with file and line for a line that is no JSON object, and for a file without any.
 */
export async function readDocuments(file: string): Promise<Doc[]> {
  const docs: Doc[] = [];
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line++;
    const trimmed = (line === 1 ? text.replace(/^\ufeff/, '') : text).trim();
    if (trimmed !== '') docs.push(parsed(trimmed, `${file}:${line}`));
  }
  if (docs.length === 0) throw new EvalError('E_TASK_DATA', `readDocuments: expected documents in ${file} but found none. Write one JSON object a line.`);
  return docs;
}

function parsed(text: string, place: string): Doc {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new EvalError('E_TASK_DATA', `readDocuments: expected JSON at ${place} but found ${JSON.stringify(text.slice(0, 60))}. Write one JSON object a line.`, { cause });
  }
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Doc;
  throw new EvalError('E_TASK_DATA', `readDocuments: expected a JSON object at ${place} but found ${JSON.stringify(found)?.slice(0, 60)}. Write one document a line.`);
}

/**
 * The documents of a task by split, from a folder that holds `<task>/<split>.jsonl`, or from one file for a task that needs one split
 * only, `<task>.jsonl`, which then stands for all of them.
 *
 * @param splits The splits that the task names; those that are missing are left out.
 * @throws EvalError E_TASK_DATA where nothing is found.
 */
export async function readTaskDocuments(folder: string, { task, splits }: { task: string; splits: readonly string[] }): Promise<Record<string, Doc[]>> {
  const found: Record<string, Doc[]> = {};
  for (const split of splits) {
    const file = join(folder, task, `${split}.jsonl`);
    if (await isFile(file)) found[split] = await readDocuments(file);
  }
  if (Object.keys(found).length > 0) return found;
  const single = join(folder, `${task}.jsonl`);
  if (!await isFile(single)) throw new EvalError('E_TASK_DATA', `readTaskDocuments: expected ${splits.map((split) => join(task, `${split}.jsonl`)).join(' or ')}, or ${task}.jsonl, in ${folder} but found neither. Put the documents of ${task} there, one JSON object a line.`);
  const docs = await readDocuments(single);
  return Object.fromEntries(splits.map((split) => [split, docs]));
}

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false;

/** The texts of the YAML files of a folder and all below it, by path: what `taskLibrary` takes. Names without an ending are files to include. */
export async function readTaskFiles(folder: string): Promise<Record<string, string>> {
  const { readFile } = await import('node:fs/promises');
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/(?:\.ya?ml|_yaml)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(join(folder, '/').length).replaceAll('\\', '/')] = await readFile(path, 'utf8');
  }
  if (Object.keys(found).length === 0) throw new EvalError('E_TASK_YAML', `readTaskFiles: expected YAML files in ${basename(folder)} but found none. Give the folder that holds them.`);
  return found;
}
