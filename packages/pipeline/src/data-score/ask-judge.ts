import type { SftExample } from '@llm/data-quality';
import { EndpointError, type EndpointUsage, openEndpoint } from '@llm/model';
import { CliError } from '../cli/cli-error.ts';
import { onceInBatches } from '../stage/in-batches.ts';
import type { AnswerCache } from './answer-cache.ts';
import { type Judgement, marksPrompt, readMarks } from './judge-marks.ts';
import type { ScoreProgress } from './score-progress.ts';

export interface AskJudgeOptions {
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string | undefined;
  /** Money for a million tokens. */
  readonly prices?: { readonly prompt: number; readonly completion: number } | undefined;
  readonly cache: AnswerCache;
  readonly progress: ScoreProgress;
  readonly signal: AbortSignal;
}

export interface Judged {
  /** For each example what was found, or why nothing was. */
  readonly judgements: readonly (Judgement | { readonly unread: string })[];
  readonly usage: EndpointUsage;
}

const ANSWER_TOKENS = 300;
const IN_FLIGHT = 64;
/** Refusals of one question rather than of all: too long, or against the rules of the house. */
const OF_ONE = [400, 413, 422];

interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null } }[];
}

/**
 * Marks for every example from a model behind an OpenAI-compatible endpoint, at temperature 0; what the cache knows is not asked again.
 *
 * @throws CliError E_JUDGE where the endpoint refuses or is away, or has given marks to none of the first batch; the signal's reason.
 */
export async function askJudge(examples: readonly SftExample[], { url, model, apiKey, prices, cache, progress, signal }: AskJudgeOptions): Promise<Judged> {
  const failed = new AbortController();
  const endpoint = openEndpoint({ url, model, cache, signal: AbortSignal.any([signal, failed.signal]), ...(apiKey === undefined ? {} : { apiKey }), ...(prices === undefined ? {} : { prices }) });
  // Questions are under way at the same time: each that ends takes one of the answers from the cache that none has taken yet.
  let told = 0;
  const judge = async (example: SftExample): Promise<Judgement | { unread: string }> => {
    try {
      const { choices: [choice] = [] } = await endpoint.ask('/chat/completions', { temperature: 0, max_tokens: ANSWER_TOKENS, messages: [{ role: 'user', content: marksPrompt(example) }] }) as Completion;
      const text = choice?.message?.content ?? '';
      return readMarks(text) ?? { unread: `the judge gave no marks but ${JSON.stringify(text.slice(0, 80))}` };
    } catch (error) {
      if (!(error instanceof EndpointError && error.code === 'refused' && OF_ONE.includes(error.status!))) throw error;
      return { unread: error.message };
    } finally {
      const cached = Math.min(1, endpoint.usage.cached - told);
      told += cached;
      progress.add(1, { cached });
    }
  };
  const judgements: (Judgement | { unread: string })[] = [];
  for (const some of onceInBatches(examples, IN_FLIGHT)) {
    signal.throwIfAborted();
    const asking = some.map(judge);
    try {
      judgements.push(...await Promise.all(asking));
    } catch (error) {
      // What was answered meanwhile is in the cache; the rest need not be paid for.
      failed.abort(error);
      await Promise.allSettled(asking);
      signal.throwIfAborted();
      throw error instanceof EndpointError ? new CliError('E_JUDGE', `llm data score: the judge does not answer: ${error.message}`, { cause: error }) : error;
    }
    const unread = judgements.find((each) => 'unread' in each);
    if (judgements.length === some.length && unread !== undefined && judgements.every((each) => 'unread' in each)) {
      throw new CliError('E_JUDGE', `llm data score: expected marks for one of the first ${some.length} examples but found none: ${(unread as { unread: string }).unread}. Use a model that can follow the form of the answer.`);
    }
  }
  return { judgements, usage: endpoint.usage };
}
