import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { ModelError } from '../errors.ts';

/** Configurations and tokenizers stay far below this. */
const MAX_BYTES = 100_000_000;

/** The text of a file, or undefined where there is none. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return undefined;
  if (!status.isFile()) throw new ModelError('E_NOT_FOUND', `loadPretrained: expected a regular file but found something else at ${path}.`);
  if (status.size > MAX_BYTES) throw new ModelError('E_JSON', `loadPretrained: expected at most ${MAX_BYTES} bytes but found ${status.size} in ${path}.`);
  return readFile(path, 'utf8');
}

/** The parsed JSON of a text, a parse error naming the file. */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ModelError('E_JSON', `loadPretrained: expected JSON in ${path} but found ${(cause as Error).message}. Download the file again.`, { cause });
  }
}

/** Writes a file beside its place and renames it, so that readers see the old one or the new one. */
export async function replaceText(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Keys whose numbers keep a decimal point: transformers 4 warns of whole numbers in rotary settings, and 5 refuses them in the others. */
const DECIMAL = /"(factor|low_freq_factor|high_freq_factor|rope_theta|initializer_factor|initializer_range|\w+_eps|\w+_epsilon|\w+_softcapping|router_aux_loss_coef|router_jitter_noise)": (\d+)(?=[,\n])/g;

/** JSON as Hugging Face lays it out. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(DECIMAL, '"$1": $2.0')}\n`;
}
