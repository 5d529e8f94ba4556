import { TeacherError } from './endpoint-error.ts';

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
  /** Up to and without `/chat/completions`. */
  readonly url: string;
  readonly model: string;
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
  /** Answers by request; a Map serves. Default one of its own. */
  readonly cache?: { get(key: string): string | undefined | Promise<string | undefined>; set(key: string, value: string): unknown };
  /** Money for a million tokens. */
  readonly prices?: { readonly prompt: number; readonly completion: number };
}

/** Sends a body to a path of the endpoint and gives its answer as text, which is JSON. */
export interface Endpoint {
  readonly usage: EndpointUsage;
  ask(path: string, body: Readonly<Record<string, unknown>>): Promise<string>;
}

interface Counted { readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } }

/** An endpoint that is asked again where it is busy or away, never for the same twice, and whose cost is counted. */
export function openEndpoint({ url, model, apiKey, fetch = globalThis.fetch, retries = 4, backoffMs = 1000, timeoutMs = 120_000, concurrency = 8, cache = new Map<string, string>(), prices }: EndpointOptions): Endpoint {
  const usage = { requests: 0, cached: 0, retries: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  const slots = queue(concurrency);
  const underWay = new Map<string, Promise<string>>();

  const once = async (address: string, body: string): Promise<{ readonly text: string } | { readonly failure: string; readonly status: number | undefined; readonly waitMs: number; readonly final: boolean }> => {
    usage.requests++;
    let response: Response;
    try {
      response = await fetch(address, { method: 'POST', body, headers: { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) }, signal: AbortSignal.timeout(timeoutMs) });
      if (response.ok) {
        const text = await response.text();
        const { usage: used } = JSON.parse(text) as Counted;
        usage.promptTokens += used?.prompt_tokens ?? 0;
        usage.completionTokens += used?.completion_tokens ?? 0;
        if (prices !== undefined) usage.cost = (usage.promptTokens * prices.prompt + usage.completionTokens * prices.completion) / 1e6;
        return { text };
      }
      await response.body?.cancel();
    } catch (error) {
      return { failure: (error as Error).name === 'TimeoutError' ? `nothing within ${timeoutMs} ms` : String((error as Error).message), status: undefined, waitMs: 0, final: false };
    }
    const { status } = response;
    const seconds = Number(response.headers.get('retry-after'));
    return { failure: `status ${status}`, status, waitMs: Number.isFinite(seconds) ? 1000 * seconds : 0, final: status < 500 && status !== 408 && status !== 429 };
  };

  const tried = async (address: string, body: string): Promise<string> => {
    for (let attempt = 0; ; attempt++) {
      const found = await slots(() => once(address, body));
      if ('text' in found) return found.text;
      const { failure, status, final } = found;
      if (final) throw new TeacherError(`endpointTeacher: expected an answer from ${address} but found ${failure}. Check the address, the key and the name of the model.`, { code: 'refused', status });
      if (attempt >= retries) throw new TeacherError(`endpointTeacher: expected an answer from ${address} within ${retries + 1} tries but found ${failure}. Wait, or allow more tries.`, { code: 'unreachable', status });
      usage.retries++;
      await new Promise((resolve) => { setTimeout(resolve, Math.max(found.waitMs, backoffMs * 2 ** attempt)); });
    }
  };

  const lookedUp = async (address: string, body: string): Promise<string> => {
    const known = await cache.get(`${address} ${body}`);
    if (known !== undefined) {
      usage.cached++;
      return known;
    }
    const text = await tried(address, body);
    await cache.set(`${address} ${body}`, text);
    return text;
  };

  return {
    usage,
    ask(path, fields) {
      const address = `${url.replace(/\/+$/, '')}${path}`;
      const body = JSON.stringify({ model, ...fields });
      const key = `${address} ${body}`;
      const shared = underWay.get(key);
      if (shared !== undefined) usage.cached++;
      const asking = shared ?? lookedUp(address, body).finally(() => underWay.delete(key));
      underWay.set(key, asking);
      return asking;
    },
  };
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
