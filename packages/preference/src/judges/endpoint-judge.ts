import type { Comparison, Judge } from './judge.ts';
import { judgePrompt, readVerdict } from './judge-prompt.ts';

/** Why an endpoint could not be asked: it refused, or failed every time. */
export type JudgeErrorCode = 'refused' | 'unreachable';

/** An endpoint that gave no answer. */
export class JudgeError extends Error {
  readonly code: JudgeErrorCode;
  readonly status: number | undefined;

  constructor(message: string, { code, status }: { code: JudgeErrorCode; status?: number | undefined }) {
    super(message);
    this.name = 'JudgeError';
    this.code = code;
    this.status = status;
  }
}

/** What a judge has cost so far. */
export interface JudgeUsage {
  readonly requests: number;
  /** Questions that were answered from the cache. */
  readonly cached: number;
  readonly retries: number;
  /** Answers without a verdict. */
  readonly unreadable: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** By `prices`; 0 without. */
  readonly cost: number;
}

export interface EndpointJudgeOptions {
  /** Up to and without `/chat/completions`. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string;
  /** Default the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** What it is asked; default `judgePrompt`. */
  readonly prompt?: (question: Comparison) => string;
  /** What its answer means; default `readVerdict`. */
  readonly read?: (text: string) => number | undefined;
  /** Tokens of an answer at most; default 256. */
  readonly maxTokens?: number;
  /** Tries after the first; default 4. */
  readonly retries?: number;
  /** The wait before the second try, doubled before each one after; an endpoint's own Retry-After counts for more. Default 1000. */
  readonly backoffMs?: number;
  /** How long a try may take; default 60,000. */
  readonly timeoutMs?: number;
  /** Requests under way at once; default 8. */
  readonly concurrency?: number;
  /** Answers by request; a Map serves. Default one of its own. */
  readonly cache?: { get(key: string): string | undefined | Promise<string | undefined>; set(key: string, value: string): unknown };
  /** Money for a million tokens. */
  readonly prices?: { readonly prompt: number; readonly completion: number };
}

interface Answer {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null } }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number };
}

/**
 * A judge behind an OpenAI-compatible endpoint, such as a server of one's own. It is asked at temperature 0, waits and tries again where the
 * endpoint is busy or away, and never asks the same twice. Wrap it in `bothOrders`.
 *
 * @throws JudgeError from the judge: `refused` (a 4xx status but 408 and 429) or `unreachable`, when the last try failed.
 */
export function endpointJudge(options: EndpointJudgeOptions): Judge & { readonly usage: JudgeUsage } {
  const {
    url, model, apiKey, fetch = globalThis.fetch, prompt = judgePrompt, read = readVerdict, maxTokens = 256, retries = 4, backoffMs = 1000, timeoutMs = 60_000,
    concurrency = 8, cache = new Map<string, string>(), prices,
  } = options;
  const usage = { requests: 0, cached: 0, retries: 0, unreadable: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  const slots = queue(concurrency);
  const underWay = new Map<string, Promise<string>>();
  const address = `${url.replace(/\/+$/, '')}/chat/completions`;

  const once = async (body: string): Promise<{ readonly text: string } | { readonly failure: string; readonly status: number | undefined; readonly waitMs: number; readonly final: boolean }> => {
    usage.requests++;
    let response: Response;
    try {
      response = await fetch(address, {
        method: 'POST', body, headers: { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) }, signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) {
        const { choices, usage: used } = await response.json() as Answer;
        usage.promptTokens += used?.prompt_tokens ?? 0;
        usage.completionTokens += used?.completion_tokens ?? 0;
        if (prices !== undefined) usage.cost = (usage.promptTokens * prices.prompt + usage.completionTokens * prices.completion) / 1e6;
        return { text: choices?.[0]?.message?.content ?? '' };
      }
      await response.body?.cancel();
    } catch (error) {
      return { failure: (error as Error).name === 'TimeoutError' ? `nothing within ${timeoutMs} ms` : String((error as Error).message), status: undefined, waitMs: 0, final: false };
    }
    const { status } = response;
    const seconds = Number(response.headers.get('retry-after'));
    return { failure: `status ${status}`, status, waitMs: Number.isFinite(seconds) ? 1000 * seconds : 0, final: status < 500 && status !== 408 && status !== 429 };
  };

  const ask = async (body: string): Promise<string> => {
    for (let attempt = 0; ; attempt++) {
      const found = await slots(() => once(body));
      if ('text' in found) return found.text;
      const { failure, status, final } = found;
      if (final) throw new JudgeError(`endpointJudge: expected an answer from ${address} but found ${failure}. Check the address, the key and the name of the model.`, { code: 'refused', status });
      if (attempt >= retries) throw new JudgeError(`endpointJudge: expected an answer from ${address} within ${retries + 1} tries but found ${failure}. Wait, or allow more tries.`, { code: 'unreachable', status });
      usage.retries++;
      await new Promise((resolve) => { setTimeout(resolve, Math.max(found.waitMs, backoffMs * 2 ** attempt)); });
    }
  };

  const lookedUp = async (body: string): Promise<string> => {
    const known = await cache.get(body);
    if (known !== undefined) {
      usage.cached++;
      return known;
    }
    const text = await ask(body);
    await cache.set(body, text);
    return text;
  };

  const judge = async (question: Comparison): Promise<number | undefined> => {
    const body = JSON.stringify({ model, temperature: 0, max_tokens: maxTokens, messages: [{ role: 'user', content: prompt(question) }] });
    const shared = underWay.get(body);
    if (shared !== undefined) usage.cached++;
    const asking = shared ?? lookedUp(body).finally(() => underWay.delete(body));
    underWay.set(body, asking);
    const verdict = read(await asking);
    if (verdict === undefined) usage.unreadable++;
    return verdict;
  };
  return Object.assign(judge, { usage: usage as JudgeUsage });
}

/** Runs no more than so many at once, the others in the order they came. */
function queue(most: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running >= most) await new Promise<void>((resolve) => { waiting.push(resolve); });
    running++;
    try {
      return await run();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}
