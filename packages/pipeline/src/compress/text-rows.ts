import type { TargetBatch } from '@llm/quantize';
import { CliError } from '../cli/cli-error.ts';
import type { Io } from '../cli/io.ts';
import { none } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import type { OpenModel } from '../train/open-model.ts';

/** Rows at a time. */
const ROWS = 8;

/** The first tokens of some files in whole rows, as long as those that the model was trained on but no longer than `longest`; a short text gives one shorter row. */
export async function textRows(
  { model, tokenizer, bosId, length: usual }: OpenModel, { name, paths, tokens, longest, io }: { name: string; paths: readonly string[]; tokens: number; longest: number; io: Io },
): Promise<TargetBatch[]> {
  const ids: number[] = [];
  for await (const { text } of readCorpus({ paths: [...paths], filters: none, cwd: io.cwd, signal: io.stop }).documents) {
    ids.push(...(bosId === undefined ? [] : [bosId]), ...tokenizer.encode(text).slice(0, tokens - ids.length));
    if (ids.length >= tokens) break;
  }
  const length = Math.min(usual, longest, model.shape.maxPositions, ids.length);
  if (length < 2) throw new CliError('E_DATA', `llm ${name}: expected text in ${paths.join(', ')} but found none. Give files of text like those that the model will see.`);
  const count = Math.floor(ids.length / length);
  return Array.from({ length: Math.ceil(count / ROWS) }, (_, i) => rowsOf(ids.slice(i * ROWS * length, Math.min(count, (i + 1) * ROWS) * length), length));
}

function rowsOf(ids: readonly number[], length: number): TargetBatch {
  const last = (at: number): boolean => at % length === length - 1;
  return {
    rows: ids.length / length, length, ids: Int32Array.from(ids), targets: Int32Array.from(ids, (_, at) => (last(at) ? -100 : ids[at + 1]!)),
    positions: Int32Array.from(ids, (_, at) => at % length), segments: new Int32Array(ids.length), packed: false, restarts: false,
  };
}

/** The last rows of a text for measuring, the others for calibration: about an eighth, at least one row. */
export function heldOut(batches: readonly TargetBatch[]): { calibration: TargetBatch[]; evaluation: TargetBatch[] } {
  const rows = batches.flatMap((batch) => Array.from({ length: batch.rows }, (_, row) => {
    const [from, to] = [row * batch.length, (row + 1) * batch.length];
    return { ids: batch.ids.slice(from, to), length: batch.length };
  }));
  const held = Math.max(1, Math.floor(rows.length / 8));
  const grouped = (part: typeof rows): TargetBatch[] => Array.from({ length: Math.ceil(part.length / ROWS) }, (_, i) => {
    const some = part.slice(i * ROWS, (i + 1) * ROWS);
    return rowsOf(some.flatMap(({ ids }) => [...ids]), some[0]!.length);
  });
  return { calibration: grouped(rows.length > 1 ? rows.slice(0, -held) : rows), evaluation: grouped(rows.slice(-held)) };
}
