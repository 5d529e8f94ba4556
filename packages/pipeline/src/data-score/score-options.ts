import { SFT_DIMENSIONS, type SftDimension } from '@llm/data-quality';
import { UsageError } from '../cli/cli-error.ts';
import type { DeviceChoice } from '../device/pick-device.ts';
import { LEAST } from './sft-report.ts';

/** What the flags of `llm data score` say. */
export interface ScoreOptions {
  readonly paths: readonly string[];
  readonly out?: string | undefined;
  readonly keep?: number | undefined;
  readonly least?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly embeddings?: string | undefined;
  readonly length: number;
  readonly batch: number;
  readonly device?: DeviceChoice | undefined;
  readonly 'judge-url'?: string | undefined;
  readonly 'judge-model'?: string | undefined;
  readonly 'judge-key-env'?: string | undefined;
  readonly 'judge-price-in': number;
  readonly 'judge-price-out': number;
  readonly 'skip-bad': number;
  readonly json: boolean;
}

/** The thresholds that --least sets, the usual ones for the rest. */
export function leastOf(given: readonly string[]): Record<SftDimension, number> {
  const least: Record<SftDimension, number> = { ...LEAST };
  for (const each of given) {
    const [name, value] = each.split('=') as [string, string | undefined];
    const score = value === undefined || value.trim() === '' ? Number.NaN : Number(value);
    if (!(SFT_DIMENSIONS as readonly string[]).includes(name) || !(score >= 0 && score <= 1)) throw new UsageError(`llm data score: expected --least to be a dimension (${SFT_DIMENSIONS.join(', ')}) and a score from 0 to 1, such as clarity=0.8, but found ${JSON.stringify(each)}.`);
    least[name as SftDimension] = score;
  }
  return least;
}

/** Refuses flags that do not go together, before anything is read. */
export function checkOptions({ keep, out, embeddings, 'judge-url': url, 'judge-model': model, 'judge-key-env': variable }: ScoreOptions): void {
  if (keep !== undefined && out === undefined) throw new UsageError('llm data score: expected --out with --keep, beside which the chosen records go, but found none. Name a file.');
  if (keep !== undefined && keep > 1 && !Number.isInteger(keep)) throw new UsageError(`llm data score: expected --keep to be a whole number of records or a share below 1 but found ${keep}.`);
  if (embeddings !== undefined && keep === undefined) throw new UsageError('llm data score: expected --keep with --embeddings, which only choose, but found none. Say how many records to choose.');
  if ((url === undefined) !== (model === undefined)) throw new UsageError(`llm data score: expected --judge-url and --judge-model together but found only --judge-${url === undefined ? 'model' : 'url'}. Name the other one too.`);
  if (url === undefined && variable !== undefined) throw new UsageError('llm data score: expected --judge-url with --judge-key-env but found none. Say who is to be asked.');
  if (url !== undefined && !/^https?:\/\//.test(url)) throw new UsageError(`llm data score: expected --judge-url to begin with http:// or https:// but found ${url}. Give the address that /chat/completions is below.`);
}

/** The judge's key, by the variable that was named. */
export function judgeKey({ 'judge-key-env': variable }: ScoreOptions, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (variable === undefined) return undefined;
  const key = env[variable];
  if (key === undefined || key === '') throw new UsageError(`llm data score: expected a key in the environment variable ${variable} but found none. Export it first.`);
  return key;
}
