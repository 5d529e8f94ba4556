import { CliError } from '../cli/cli-error.ts';

/** Records divided by a hash of their contents: each keeps its side whatever else there is, and what is written twice stands on one side. */
export function heldOut<T>(records: readonly T[], { share, seed }: { readonly share: number; readonly seed: number }): { train: T[]; validation: T[] } {
  const train: T[] = [];
  const validation: T[] = [];
  for (const record of records) {
    let hash = 2166136261 ^ seed;
    for (const letter of JSON.stringify(record)) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16777619);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    (((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32 < share ? validation : train).push(record);
  }
  if (train.length === 0 || validation.length === 0) {
    throw new CliError('E_EMPTY', `llm: expected records to train on and to hold out but found none ${train.length === 0 ? 'to train on' : 'to hold out'} among ${records.length}. Use more records, another --eval-share, or --eval-data.`);
  }
  return { train, validation };
}
