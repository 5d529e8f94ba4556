import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EvalResults } from '../results/results.ts';
import { sampleLine, sha256 } from '../results/sample.ts';

/**
 * Writes results where lm-evaluation-harness would: `<folder>/<model>/results_<date>.json`, and `samples_<task>_<date>.jsonl` beside it for
 * each task that kept its samples. A path that ends in .json names the file of results; samples go beside it. Files appear complete or not at all.
 *
 * @returns The paths that were written, the results first.
 */
export async function writeResults(path: string, results: EvalResults): Promise<string[]> {
  const { samples = {}, ...rest } = results;
  const date = new Date(results.date * 1000).toISOString().replace(/Z$/, '').replaceAll(':', '-');
  const named = path.endsWith('.json');
  const folder = named ? dirname(path) : join(path, results.model_name.replace(/["<>:/|\\?*[\]]+/g, '__'));
  await mkdir(folder, { recursive: true });
  const hashes: Record<string, string> = {};
  for (const [task, each] of Object.entries(samples)) hashes[task] = await sha256(each.map((sample) => sample.doc_hash + sample.prompt_hash + sample.target_hash).join(''));
  const written = [named ? path : join(folder, `results_${date}.json`)];
  await replaceFile(written[0]!, `${JSON.stringify({ ...rest, task_hashes: hashes }, null, 2)}\n`);
  for (const [task, each] of Object.entries(samples)) {
    const file = join(folder, `samples_${task.replace(/[^\w.-]/g, '_')}_${date}.jsonl`);
    await replaceFile(file, each.map((sample) => `${sampleLine(sample)}\n`).join(''));
    written.push(file);
  }
  return written;
}

async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  await writeFile(beside, text);
  await rename(beside, path);
}
