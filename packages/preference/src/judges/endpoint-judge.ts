import { type EndpointOptions, type EndpointUsage, openEndpoint } from '@llm/model';
import type { Comparison, Judge } from './judge.ts';
import { judgePrompt, readVerdict } from './judge-prompt.ts';

/** What a judge has cost so far. */
export interface JudgeUsage extends EndpointUsage {
  /** Answers without a verdict. */
  readonly unreadable: number;
}

export interface EndpointJudgeOptions extends EndpointOptions {
  /** What it is asked; default `judgePrompt`. */
  readonly prompt?: (question: Comparison) => string;
  /** What its answer means; default `readVerdict`. */
  readonly read?: (text: string) => number | undefined;
  /** Tokens of an answer at most; default 256. */
  readonly maxTokens?: number;
}

interface Answer {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null } }[];
}

/**
 * A judge behind an OpenAI-compatible endpoint, such as a server of one's own, asked at temperature 0. Wrap it in `bothOrders`.
 *
 * @throws from the judge, what `openEndpoint` of @llm/model throws.
 */
export function endpointJudge({ prompt = judgePrompt, read = readVerdict, maxTokens = 256, ...options }: EndpointJudgeOptions): Judge & { readonly usage: JudgeUsage } {
  const endpoint = openEndpoint(options);
  let unreadable = 0;
  const judge = async (question: Comparison): Promise<number | undefined> => {
    const { choices: [choice] = [] } = await endpoint.ask('/chat/completions', { temperature: 0, max_tokens: maxTokens, messages: [{ role: 'user', content: prompt(question) }] }) as Answer;
    const verdict = read(choice?.message?.content ?? '');
    if (verdict === undefined) unreadable++;
    return verdict;
  };
  return Object.defineProperty(judge, 'usage', { get: () => ({ ...endpoint.usage, unreadable }) }) as Judge & { readonly usage: JudgeUsage };
}
