import type { Document } from '@llm/data-quality';
import { readDocuments } from '@llm/data-quality/node';
import { shuffled } from '@llm/sft';
import { CliError } from '../cli/cli-error.ts';
import { inputPath } from '../corpus/input-path.ts';

/** A text with what a person or a model said of it. */
export interface Labelled<Value> {
  readonly text: string;
  readonly value: Value;
}

export interface ReadLabelledOptions<Value> {
  readonly cwd: string;
  readonly textField: string;
  readonly skipBad: number;
  /** The field that holds the label or the rating. */
  readonly field: string;
  /** Its value; undefined for one that is none. */
  readonly read: (value: unknown) => Value | undefined;
  /** What it must be, for messages. */
  readonly expected: string;
  readonly signal: AbortSignal;
}

/**
 * Texts with their labels or ratings.
 *
 * @throws CliError E_RECORD for the first record beyond `skipBad` without one; what `readDocuments` throws.
 */
export async function readLabelled<Value>(paths: readonly string[], { cwd, textField, skipBad, field, read, expected, signal }: ReadLabelledOptions<Value>): Promise<Labelled<Value>[]> {
  const found: Labelled<Value>[] = [];
  let left = skipBad;
  for await (const { id, text, meta } of readDocuments(paths.map((path) => inputPath(path, cwd)), { textField, skipBad, signal }) as AsyncIterable<Document>) {
    const value = read(meta?.[field]);
    if (value !== undefined) found.push({ text, value });
    else if (left-- < 1) throw new CliError('E_RECORD', `llm data classifier: expected ${expected} in "${field}" of ${id} but found ${JSON.stringify(meta?.[field]) ?? 'nothing'}. Name another field, or pass over such records with --skip-bad.`);
  }
  if (found.length === 0) throw new CliError('E_EMPTY', `llm data classifier: expected texts with ${expected} in "${field}" but found none. Name the field that holds it.`);
  return found;
}

/** Some of all items, drawn by the seed, held out of the rest. */
export function heldOut<T>(items: readonly T[], { share, seed }: { readonly share: number; readonly seed: number }): { readonly learned: T[]; readonly held: T[] } {
  const order = Array.from(shuffled(items.length, { seed })(0), (i) => items[i]!);
  const count = share === 0 ? 0 : Math.max(1, Math.round(share * items.length));
  return { held: order.slice(0, count), learned: order.slice(count) };
}
