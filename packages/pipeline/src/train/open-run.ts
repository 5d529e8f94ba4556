import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { tokenizerFromJson } from '@llm/tokenizer';
import { CliError } from '../cli/cli-error.ts';
import { readTokens } from '../corpus/token-store.ts';
import { RUN_FILE, type RunRecord, sha256 } from '../run/run-record.ts';
import { STAGE_FILE } from '../stage/stage-record.ts';
import type { CreatedRun } from './create-run.ts';
import { runPaths } from './run-paths.ts';

/** What a run needs to go on, from its folder alone: the text itself is not read again. */
export async function openRun(folder: string, record: RunRecord): Promise<CreatedRun> {
  const paths = runPaths(folder);
  const text = await readFile(paths.tokenizer, 'utf8');
  if (sha256(text) !== record.tokenizerSha256) throw new CliError('E_TOKENIZER', `llm: expected the tokenizer that the run began with in ${paths.tokenizer} but found another. Restore it, or start anew with --fresh.`);
  const { train, validation } = await readTokens(paths.tokens, ['train', 'validation']);
  return { record, tokenizer: tokenizerFromJson(JSON.parse(text)), stores: { train: train!, validation: validation! } };
}

/** Everything that a run writes into its folder. */
const OURS = /^(?:run\.json|stage\.json|adapter_config\.json|adapter_model\.safetensors|chat_template\.jinja|data|metrics\.jsonl(?:\.tmp)?|tensorboard|report\.html|bad-batch\.json|latest|step-\d+(?:\..+)?|config\.json|generation_config\.json|model(?:-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json)$/;

/** Removes a run but nothing that it did not write; its record goes first, so that half a run is none. */
export async function clearRun(folder: string): Promise<void> {
  for (const name of [RUN_FILE, STAGE_FILE]) await rm(join(folder, name), { force: true });
  for (const name of await readdir(folder).catch(() => [])) if (OURS.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** A folder as it was typed: a path, or the name of a run in `runs/`. */
export function findFolder(typed: string, cwd: string): string {
  const path = resolve(cwd, typed);
  const named = resolve(cwd, 'runs', typed);
  if (!existsSync(path) && basename(typed) === typed && existsSync(named)) return named;
  return path;
}
