import { join } from 'node:path';
import { type ModelConfig, writeConfig } from '@llm/model';
import { disposeTree } from '@llm/tensor';
import type { Tokenizer } from '@llm/tokenizer';
import { CliError } from '../cli/cli-error.ts';
import { count } from '../cli/format.ts';
import type { RunRecord } from '../run/run-record.ts';
import { type GivenOptions, loadGiven, saveAsFirst } from './given-weights.ts';
import { endOf, parseTokenizer, readTokenizer } from './run-tokenizer.ts';

/** What a run takes over from given weights. */
export interface Given {
  readonly config: Record<string, unknown>;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFile: string;
}

/** Reads given weights once to refuse, before the text is read, what cannot be trained on; they do not wait in memory. */
export async function checkGiven(
  init: GivenOptions, { tokenizerFile, cwd, onNotice }: { readonly tokenizerFile?: string | undefined; readonly cwd: string; readonly onNotice: (text: string) => void },
): Promise<Given> {
  const { model, params, tokenizerJson, init: { nonFinite } } = await loadGiven(init);
  disposeTree(params);
  const file = tokenizerFile ?? join(init.shown, 'tokenizer.json');
  if (tokenizerFile === undefined && tokenizerJson === undefined) throw new CliError('E_TOKENIZER', `llm pretrain: expected tokenizer.json beside the weights but found none in ${init.shown}. Name the one that they were trained with: --tokenizer file.json.`);
  const tokenizer = tokenizerFile === undefined ? parseTokenizer(tokenizerJson!, file) : await readTokenizer(tokenizerFile, cwd);
  const { vocabSize } = model.config;
  if (tokenizer.size > vocabSize) throw new CliError('E_TOKENIZER', `llm pretrain: expected a tokenizer of at most ${vocabSize} tokens, as the model in ${init.shown} has, but found one of ${tokenizer.size} in ${file}. Use the one that the weights were trained with.`);
  if (tokenizer.size < vocabSize) onNotice(`Note: the model has ${count(vocabSize)} tokens, the tokenizer ${count(tokenizer.size)}; the others stand for no text.`);
  if (nonFinite > 0) onNotice(`Note: of the weights, ${nonFinite === 1 ? 'one value is' : `${count(nonFinite)} values are`} NaN or infinite.`);
  return { config: givenConfig(model.config, tokenizer, file), tokenizer, tokenizerFile: file };
}

/** Reads given weights again and saves them as the first checkpoint; the record says which they were. */
export async function saveGiven(folder: string, unsaved: RunRecord, options: GivenOptions): Promise<RunRecord> {
  const given = await loadGiven(options);
  try {
    const record: RunRecord = { ...unsaved, init: given.init };
    await saveAsFirst(folder, record, given);
    return record;
  } finally {
    disposeTree(given.params);
  }
}

/** The configuration of given weights as it is; where it names no ends of text that the tokenizer has, with those of the tokenizer. */
function givenConfig(config: ModelConfig, tokenizer: Tokenizer, file: string): Record<string, unknown> {
  const special = new Set(tokenizer.specialTokens.values());
  const json = writeConfig(config);
  if (!special.has(config.eosIds?.[0] ?? -1)) json.eos_token_id = endOf(tokenizer, file);
  if (!special.has(config.bosId ?? -1)) json.bos_token_id = Array.isArray(json.eos_token_id) ? (json.eos_token_id as number[])[0] : json.eos_token_id;
  return json;
}
