import { atMost } from './at-most.ts';
import { EndpointError } from './endpoint-error.ts';

/** What an endpoint has cost so far. */
export interface EndpointUsage {
  readonly requests: number;
  /** Questions that were answered from the cache. */
  readonly cached: number;
  readonly retries: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** By `prices`; 0 without. */
  readonly cost: number;
}

export interface EndpointOptions {
  /** Where the API begins, such as `http://localhost:8000/v1`. */
  readonly url: string;
  /** The model's name there. */
  readonly model: string;
  /** Sent as `Authorization: Bearer …`; kept out of errors and of what the cache sees. */
  readonly apiKey?: string;
  /** Default the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Tries after the first; default 4. */
  readonly retries?: number;
  /** The wait before the second try, doubled before each one after; an endpoint's own Retry-After counts for more. Default 1000. */
  readonly backoffMs?: number;
  /** How long a try may take; default 120,000. */
  readonly timeoutMs?: number;
  /** Requests under way at once; default 8. */
  readonly concurrency?: number;
  /** Answers by request; a Map serves. Default one of its own; `false` remembers nothing. */
  readonly cache?: { get(key: string): string | undefined | Promise<string | undefined>; set(key: string, value: string): unknown } | false;
  /** Money for a million tokens. */
  readonly prices?: { readonly prompt: number; readonly completion: number };
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
}

export interface Endpoint {
  readonly usage: EndpointUsage;
  /** The answer to `fields`, with the model's name, sent to `path` below the address; `fresh` asks even what was asked before, for draws. */
  ask(path: string, fields: Readonly<Record<string, unknown>>, options?: { readonly fresh?: boolean }): Promise<unknown>;
}

interface Failure { readonly failure: string; readonly status: number | undefined; readonly waitMs: number }
interface Counted { readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } }

const SAID_CHARACTERS = 200;
/** An endpoint that asks for more patience than this is away. */
const LONGEST_WAIT_MS = 600_000;

/** Milliseconds that a Retry-After header asks for: seconds, or a date. */
function retryAfterMs(header: string | null): number {
  const seconds = Number(header ?? 0);
  const ms = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(header!) - Date.now();
  return Number.isFinite(ms) ? ms : 0;
}

/** Waits, or ends with the signal. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    // One that was given up before tells nobody any more.
    signal?.throwIfAborted();
    const end = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/**
 * An OpenAI-compatible endpoint that is asked again where it is busy, broken or away, never for the same twice, with no more than so
 * many requests at once, and whose cost is counted. Judges, teachers and scorers of the stage packages ask through it.
 *
 * @throws EndpointError from `ask`: `refused` for a 4xx status but 408 and 429, `unreachable` when the last try failed; and the
 * signal's reason.
 *
 * @example
 * ```ts
 * import { openEndpoint } from '@llm/model';
 * let busy = true;
 * const fetch = async () => busy ? (busy = false, new Response('', { status: 429 })) : Response.json({ choices: [{ text: '4' }], usage: { prompt_tokens: 5 } });
 * const endpoint = openEndpoint({ url: 'http://localhost:8000/v1', model: 'tiny', fetch, backoffMs: 1 });
 * const { choices } = await endpoint.ask('/completions', { prompt: '2 + 2 = ' }) as { choices: { text: string }[] };
 * if (choices[0]!.text !== '4' || endpoint.usage.retries !== 1 || endpoint.usage.promptTokens !== 5) throw new Error('asked twice');
 * ```
 */
export function openEndpoint({
  url, model, apiKey, fetch = globalThis.fetch, retries = 4, backoffMs = 1000, timeoutMs = 120_000, concurrency = 8, cache = new Map<string, string>(), prices, signal,
}: EndpointOptions): Endpoint {
  const usage = { requests: 0, cached: 0, retries: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  const place = atMost(concurrency);
  const underWay = new Map<string, Promise<string>>();
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };

  async function once(address: string, body: string): Promise<string | Failure> {
    signal?.throwIfAborted();
    usage.requests++;
    try {
      const timeout = AbortSignal.timeout(timeoutMs);
      const response = await fetch(address, { method: 'POST', body, headers, signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
      const text = await response.text();
      if (!response.ok) {
        const said = (apiKey === undefined ? text : text.replaceAll(apiKey, '…')).replace(/[\s\p{Cc}]+/gu, ' ').trim().slice(0, SAID_CHARACTERS);
        return { failure: `status ${response.status}${said === '' ? '' : `: ${said}`}`, status: response.status, waitMs: retryAfterMs(response.headers.get('retry-after')) };
      }
      const { usage: used } = JSON.parse(text) as Counted;
      usage.promptTokens += used?.prompt_tokens ?? 0;
      usage.completionTokens += used?.completion_tokens ?? 0;
      if (prices !== undefined) usage.cost = (usage.promptTokens * prices.prompt + usage.completionTokens * prices.completion) / 1e6;
      return text;
    } catch (error) {
      signal?.throwIfAborted();
      return { failure: (error as Error).name === 'TimeoutError' ? `nothing within ${timeoutMs} ms` : (error as Error).message, status: undefined, waitMs: 0 };
    }
  }

  async function tried(address: string, body: string): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const found = await place(() => once(address, body));
      if (typeof found === 'string') return found;
      const { failure, status, waitMs } = found;
      if (status !== undefined && status < 500 && status !== 408 && status !== 429) {
        throw new EndpointError(`openEndpoint: expected an answer from ${address} but found ${failure}. Check the address, the key and the name of the model.`, { code: 'refused', status });
      }
      if (attempt >= retries || waitMs > LONGEST_WAIT_MS) {
        const patience = waitMs > LONGEST_WAIT_MS ? `, and to come again in ${Math.ceil(waitMs / 60_000)} minutes` : '';
        throw new EndpointError(`openEndpoint: expected an answer from ${address} within ${retries + 1} tries but found ${failure}${patience}. Wait, or allow more tries.`, { code: 'unreachable', status });
      }
      usage.retries++;
      await pause(Math.max(waitMs, backoffMs * 2 ** attempt), signal);
    }
  }

  async function remembered(address: string, body: string): Promise<string> {
    if (cache === false) return tried(address, body);
    const key = `${address} ${body}`;
    const known = await cache.get(key);
    if (known !== undefined) {
      usage.cached++;
      return known;
    }
    const text = await tried(address, body);
    await cache.set(key, text);
    return text;
  }

  return {
    usage,
    async ask(path, fields, { fresh = false } = {}) {
      const address = `${url.replace(/\/+$/, '')}${path}`;
      const body = JSON.stringify({ model, ...fields });
      if (fresh) return JSON.parse(await tried(address, body)) as unknown;
      const key = `${address} ${body}`;
      let asking = underWay.get(key);
      if (asking === undefined) underWay.set(key, asking = remembered(address, body).finally(() => underWay.delete(key)));
      else usage.cached++;
      return JSON.parse(await asking) as unknown;
    },
  };
}
