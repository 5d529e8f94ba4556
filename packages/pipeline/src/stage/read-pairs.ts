import { detectPreferences, extractPrompt, keepStart, type PreferenceExample, type PreferenceTokenizer, type TokenizedPair, tokenizePairs } from '@llm/preference';
import { encodeChat } from '@llm/tokenizer';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { count } from '../cli/format.ts';
import type { StageOptions } from '../commands/stage-args.ts';
import { heldOut } from './held-out.ts';
import { readRecords } from './read-records.ts';
import type { StageContext } from './stage.ts';
import type { StageModel } from './stage-model.ts';

/** Pairs as ids, to train on and held out, and the hashes of the files that they came from. */
export interface ReadPairs {
  readonly train: TokenizedPair[];
  readonly validation: TokenizedPair[];
  /** The examples that are held out, as they were read. */
  readonly held: readonly PreferenceExample[];
  readonly hashes: Readonly<Record<string, string>>;
}

/** How texts and conversations become ids for the stages that compare completions. */
export function preferenceTokenizer({ tokenizer, template, bosId, eosId }: Pick<StageModel, 'tokenizer' | 'template' | 'bosId' | 'eosId'>): PreferenceTokenizer {
  return {
    endId: eosId,
    encode: (text) => [...(bosId === undefined ? [] : [bosId]), ...tokenizer.encode(text, { addSpecialTokens: true })],
    encodeMessages: (messages, { generationPrompt }) => encodeChat(tokenizer, template, messages.map((message) => ({ ...message })), { addGenerationPrompt: generationPrompt }).ids,
  };
}

/** Reads pairs of completions and makes them fit. */
export async function readPairs(options: StageOptions, stage: StageModel, { io, say }: StageContext): Promise<ReadPairs> {
  const { data, 'eval-data': evalData, 'max-length': wanted, seed } = options;
  if (data === undefined) throw new UsageError('llm: expected --data with files of pairs but found nothing.');
  const maxTokens = Math.min(wanted, stage.model.shape.maxPositions);
  const read = async (paths: readonly string[]): Promise<{ examples: PreferenceExample[]; sha256: string }> => {
    const { records, sha256 } = await readRecords(paths, io.cwd);
    const { kind } = detectPreferences(records);
    if (kind !== 'preference' && kind !== 'implicit prompt') throw new CliError('E_FORMAT', `llm: expected records with chosen and rejected but found ${kind} ones in ${paths.join(', ')}.`);
    return { examples: (records as PreferenceExample[]).map(extractPrompt), sha256 };
  };
  const [own, held] = [await read(data), evalData === undefined ? undefined : await read(evalData)];
  const split = held === undefined ? heldOut(own.examples, { share: options['eval-share'], seed }) : { train: own.examples, validation: held.examples };
  const tokenizer = preferenceTokenizer(stage);
  const fit = (examples: readonly PreferenceExample[]): TokenizedPair[] => {
    const { examples: pairs, dropped, cutPrompts } = tokenizePairs(examples, { tokenizer, truncation: keepStart({ maxTokens }) });
    if (dropped.length > 0) say(`Note: ${count(dropped.length)} pairs were left out: their prompts alone fill ${maxTokens} tokens.`);
    if (cutPrompts.length > 0) say(`Note: the prompts of ${count(cutPrompts.length)} pairs end within a token; their completions begin there.`);
    return pairs;
  };
  const [train, validation] = [fit(split.train), fit(split.validation)];
  if (train.length === 0 || validation.length === 0) throw new CliError('E_EMPTY', `llm: expected pairs to train on and to hold out that fit ${maxTokens} tokens but found ${train.length} and ${validation.length}. Raise --max-length, or use shorter prompts.`);
  say(`${count(train.length)} pairs to train on, ${count(validation.length)} held out.`);
  return { train, validation, held: split.validation, hashes: { data: own.sha256, ...(held === undefined ? {} : { 'eval-data': held.sha256 }) } };
}
