import { type EndpointOptions, type EndpointUsage, openEndpoint } from '@llm/model';
import { TeacherError } from './teacher-error.ts';

/** A token as an endpoint names it. */
export interface NamedToken {
  readonly token: string;
  readonly logprob: number;
  /** Its bytes, where the endpoint tells them: a token may be part of a letter. */
  readonly bytes?: readonly number[] | null;
}

/** A token that the teacher wrote or read, and the likeliest in its place. */
export interface TaughtToken extends NamedToken {
  readonly top: readonly NamedToken[];
}

/** What a teacher wrote. */
export interface TaughtText {
  readonly text: string;
  readonly tokens: readonly TaughtToken[];
  /** As the endpoint calls it: `stop`, `length`. */
  readonly reason: string | undefined;
}

export interface EndpointTeacherOptions extends EndpointOptions {
  /** Likeliest tokens of each place; OpenAI gives 20 at most. Default 20. */
  readonly topLogprobs?: number;
  /** Tokens of an answer at most; default 512. */
  readonly maxTokens?: number;
  /** Default 1. */
  readonly temperature?: number;
}

/** A message of a conversation, as endpoints take it. */
export interface EndpointMessage { readonly role: string; readonly content: string }

/** A teacher behind an OpenAI-compatible endpoint. */
export interface EndpointTeacher {
  readonly usage: EndpointUsage;
  /** What it answers, with the likeliest tokens of each place: `/chat/completions`. */
  answer(messages: readonly EndpointMessage[], options?: { readonly seed?: number }): Promise<TaughtText>;
  /** What it thinks of a text that is there already, token by token: `/completions` with `echo`, which servers of one's own have. */
  score(text: string): Promise<TaughtText>;
}

interface ChatAnswer {
  readonly choices?: readonly {
    readonly message?: { readonly content?: string | null }; readonly finish_reason?: string;
    readonly logprobs?: { readonly content?: readonly { readonly token: string; readonly logprob: number; readonly bytes?: readonly number[] | null; readonly top_logprobs?: readonly NamedToken[] }[] | null } | null;
  }[];
}
interface EchoAnswer {
  readonly choices?: readonly { readonly logprobs?: { readonly tokens?: readonly string[]; readonly token_logprobs?: readonly (number | null)[]; readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[] } | null }[];
}

/**
 * A teacher behind an OpenAI-compatible endpoint that gives the log-probabilities of the likeliest tokens. It waits and tries again where the
 * endpoint is busy or away, and never asks the same twice; `usage` counts requests, tokens and money.
 *
 * @throws from its functions what `openEndpoint` of @llm/model throws, and TeacherError `no-logprobs` for an answer without them.
 *
 * @example
 * ```ts
 * import { endpointTeacher } from '@llm/distill';
 * const content = [{ token: '4', logprob: -0.1, top_logprobs: [{ token: '4', logprob: -0.1 }, { token: '5', logprob: -2.5 }] }];
 * const fetch = async () => Response.json({ choices: [{ message: { content: '4' }, finish_reason: 'stop', logprobs: { content } }], usage: { prompt_tokens: 9, completion_tokens: 1 } });
 * const teacher = endpointTeacher({ url: 'http://localhost:8000/v1', model: 'large', fetch });
 * const { tokens } = await teacher.answer([{ role: 'user', content: '2 + 2 = ' }]);
 * if (tokens[0]!.top[1]!.token !== '5' || teacher.usage.promptTokens !== 9) throw new Error('four, or perhaps five');
 * ```
 */
export function endpointTeacher({ topLogprobs = 20, maxTokens = 512, temperature = 1, ...options }: EndpointTeacherOptions): EndpointTeacher {
  const endpoint = openEndpoint(options);
  const without = (): TeacherError => new TeacherError(`endpointTeacher: expected log-probabilities from ${options.url} but found an answer without. Use a server that gives top_logprobs.`, { code: 'no-logprobs' });
  return {
    usage: endpoint.usage,
    async answer(messages, { seed } = {}) {
      const { choices: [choice] = [] } = await endpoint.ask('/chat/completions', { messages, temperature, max_tokens: maxTokens, logprobs: true, top_logprobs: topLogprobs, ...(seed === undefined ? {} : { seed }) }) as ChatAnswer;
      const content = choice?.logprobs?.content;
      if (content === undefined || content === null) throw without();
      return { text: choice?.message?.content ?? '', reason: choice?.finish_reason, tokens: content.map(({ top_logprobs: top = [], ...own }) => ({ ...own, top })) };
    },
    async score(given) {
      const { choices: [choice] = [] } = await endpoint.ask('/completions', { prompt: given, temperature, max_tokens: 1, echo: true, logprobs: topLogprobs }) as EchoAnswer;
      const found = choice?.logprobs;
      if (found?.tokens === undefined || found.top_logprobs === undefined) throw without();
      const { tokens, token_logprobs: own = [], top_logprobs: top } = found;
      // Some servers write one token more than they were given: none is asked for.
      const all = tokens.map((token, i) => ({ token, logprob: own[i] ?? 0, top: Object.entries(top[i] ?? {}).map(([name, logprob]) => ({ token: name, logprob })).toSorted((a, b) => b.logprob - a.logprob) }));
      let length = 0;
      return { text: given, reason: undefined, tokens: all.filter(({ token }) => { length += token.length; return length <= given.length; }) };
    },
  };
}
