import { type EndpointOptions, type EndpointUsage, openEndpoint } from '@llm/model';

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

interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null }; readonly logprobs?: { readonly content?: readonly { readonly top_logprobs?: readonly Alternative[] }[] | null } | null }[];
}

/**
 * A model behind an OpenAI-compatible endpoint, such as a server of one's own; `usage` counts what it takes.
 *
 * @throws when it is called, what `openEndpoint` of @llm/model throws.
 */
export function chatEndpoint(options: EndpointOptions): Ask & { readonly usage: EndpointUsage } {
  const endpoint = openEndpoint(options);
  const ask: Ask = async (prompt, { temperature = 0, maxTokens = 512, alternatives, sample = 0 } = {}) => {
    const { choices: [choice] = [] } = await endpoint.ask('/chat/completions', {
      temperature, max_tokens: maxTokens, messages: [{ role: 'user', content: prompt }], ...(alternatives === undefined ? {} : { logprobs: true, top_logprobs: alternatives }), ...(temperature > 0 ? { seed: sample } : {}),
    }) as Completion;
    const tokens = choice?.logprobs?.content;
    return { text: choice?.message?.content ?? '', ...(tokens ? { alternatives: tokens.map(({ top_logprobs: top = [] }) => top.map(({ token, logprob }) => ({ token, logprob }))) } : {}) };
  };
  return Object.assign(ask, { usage: endpoint.usage });
}
