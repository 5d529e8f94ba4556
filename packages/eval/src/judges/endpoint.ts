/** A likely token in place of the one that was written. */
export interface Alternative {
  readonly token: string;
  readonly logprob: number;
}

/** What a model answered. */
export interface Reply {
  readonly text: string;
  /** Of each token, the likeliest ones; missing where the model does not say. */
  readonly alternatives?: readonly (readonly Alternative[])[];
}

/** How a judge is asked; what is left out is the model's own. */
export interface AskOptions {
  /** Default 0. */
  readonly temperature?: number;
  /** Tokens of the answer; default 512. */
  readonly maxTokens?: number;
  /** Ask for so many alternatives of each token; default none. */
  readonly alternatives?: number;
  /** Tells draws of the same question apart; default 0. */
  readonly sample?: number;
}

/** A model that is asked something: a function of your own, or `chatEndpoint`. */
export type Ask = (prompt: string, options?: AskOptions) => Promise<Reply>;

/** What an endpoint has cost so far. */
export interface EndpointUsage {
  readonly requests: number;
  readonly retries: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface ChatEndpointOptions {
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
  /** How long a try may take; default 60,000. */
  readonly timeoutMs?: number;
}

interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null }; readonly logprobs?: { readonly content?: readonly { readonly top_logprobs?: readonly Alternative[] }[] | null } | null }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number };
}

/** A model behind an endpoint that gave no answer. */
export class EndpointError extends Error {
  readonly code: 'refused' | 'unreachable';
  readonly status: number | undefined;

  constructor(message: string, { code, status }: { readonly code: 'refused' | 'unreachable'; readonly status?: number | undefined }) {
    super(message);
    this.name = 'EndpointError';
    this.code = code;
    this.status = status;
  }
}

/**
 * A model behind an OpenAI-compatible endpoint, such as a server of one's own. A busy or absent one is tried again; `usage` counts what it takes.
 *
 * @throws EndpointError when it is called: `refused` for a 4xx status but 408 and 429, `unreachable` when the last try failed.
 */
export function chatEndpoint({ url, model, apiKey, fetch = globalThis.fetch, retries = 4, backoffMs = 1000, timeoutMs = 60_000 }: ChatEndpointOptions): Ask & { readonly usage: EndpointUsage } {
  const usage = { requests: 0, retries: 0, promptTokens: 0, completionTokens: 0 };
  const address = `${url.replace(/\/+$/, '')}/chat/completions`;
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };

  async function once(body: string): Promise<Reply | { readonly failure: string; readonly status?: number; readonly waitMs: number }> {
    usage.requests++;
    try {
      const response = await fetch(address, { method: 'POST', body, headers, signal: AbortSignal.timeout(timeoutMs) });
      if (!response.ok) {
        await response.body?.cancel();
        const seconds = Number(response.headers.get('retry-after'));
        return { failure: `status ${response.status}`, status: response.status, waitMs: Number.isFinite(seconds) ? 1000 * seconds : 0 };
      }
      const { choices: [choice] = [], usage: used } = await response.json() as Completion;
      usage.promptTokens += used?.prompt_tokens ?? 0;
      usage.completionTokens += used?.completion_tokens ?? 0;
      const tokens = choice?.logprobs?.content;
      return { text: choice?.message?.content ?? '', ...(tokens ? { alternatives: tokens.map(({ top_logprobs: top = [] }) => top.map(({ token, logprob }) => ({ token, logprob }))) } : {}) };
    } catch (error) {
      return { failure: (error as Error).name === 'TimeoutError' ? `nothing within ${timeoutMs} ms` : (error as Error).message, waitMs: 0 };
    }
  }

  const ask: Ask = async (prompt, { temperature = 0, maxTokens = 512, alternatives, sample = 0 } = {}) => {
    const body = JSON.stringify({
      model, temperature, max_tokens: maxTokens, messages: [{ role: 'user', content: prompt }], ...(alternatives === undefined ? {} : { logprobs: true, top_logprobs: alternatives }), ...(temperature > 0 ? { seed: sample } : {}),
    });
    for (let attempt = 0; ; attempt++) {
      const found = await once(body);
      if ('text' in found) return found;
      const { failure, status, waitMs } = found;
      if (status !== undefined && status < 500 && status !== 408 && status !== 429) {
        throw new EndpointError(`chatEndpoint: expected an answer from ${address} but found ${failure}. Check the address, the key and the name of the model.`, { code: 'refused', status });
      }
      if (attempt >= retries) throw new EndpointError(`chatEndpoint: expected an answer from ${address} within ${retries + 1} tries but found ${failure}. Wait, or allow more tries.`, { code: 'unreachable', status });
      usage.retries++;
      await new Promise((resolve) => { setTimeout(resolve, Math.max(waitMs, backoffMs * 2 ** attempt)); });
    }
  };
  return Object.assign(ask, { usage: usage as EndpointUsage });
}
