import { type EndpointOptions, openEndpoint } from '@llm/model';
import { EvalError } from '../eval-error.ts';
import { inTurn } from '../judges/in-turn.ts';
import { stripEnd } from '../python/text.ts';
import type { GenerationRequest, Loglikelihood, LoglikelihoodRequest, Scorer } from '../requests/request.ts';
import { cutAt, draws, tokensOf } from './generate-until.ts';

interface Choice {
  readonly text?: unknown;
  readonly logprobs?: {
    readonly token_logprobs?: readonly (number | null)[]; readonly text_offset?: readonly number[];
    readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[];
  } | null;
}

/**
 * A scorer over an OpenAI-compatible endpoint with `/completions`: log-likelihoods from its echoed prompts, which the server must give
 * with log-probabilities (`echo`, `logprobs`), texts from its completions.
 *
 * The continuation begins at the first token that starts where it does, or later: where a token spans both, its log-probability counts
 * for the context. A whole text has no token before it, so its first token does not count.
 *
 * @throws what `openEndpoint` of @llm/model throws, and EvalError E_SCORER for answers that lack what is needed.
 *
 * @example
 * ```ts
 * import { endpointScorer } from '@llm/eval';
 * const fake = async () => new Response(JSON.stringify({ choices: [{ index: 0, text: '', logprobs: {
 *   tokens: ['2+2=', '4'], text_offset: [0, 4], token_logprobs: [null, -0.5], top_logprobs: [null, { 4: -0.5 }],
 * } }] }));
 * const scorer = endpointScorer({ url: 'http://localhost:8000/v1', model: 'tiny', fetch: fake });
 * const [four] = await scorer.loglikelihood([{ context: '2+2=', continuation: '4' }]);
 * if (four!.logprob !== -0.5 || !four!.greedy) throw new Error('the likeliest token');
 * ```
 */
export function endpointScorer(options: EndpointOptions): Scorer {
  const { url, model, concurrency = 8 } = options;
  const endpoint = openEndpoint({ cache: false, ...options });

  async function complete(body: Readonly<Record<string, unknown>>, { fresh = false } = {}): Promise<Choice> {
    const { choices: [choice] = [] } = await endpoint.ask('/completions', body, { fresh }) as { choices?: readonly Choice[] };
    if (choice === undefined) throw new EvalError('E_SCORER', `endpointScorer: expected choices from ${url} but found none. Check that it is OpenAI-compatible.`);
    return choice;
  }

  /** The answers to all, equal requests once. */
  async function all<Request, Answer>(requests: readonly Request[], keyOf: (each: Request) => string, ask: (each: Request) => Promise<Answer>): Promise<Answer[]> {
    const unique = new Map(requests.map((each) => [keyOf(each), each]));
    const answers = await inTurn([...unique], async ([key, each]) => [key, await ask(each)] as const, { concurrency });
    const found = new Map(answers);
    return requests.map((each) => found.get(keyOf(each))!);
  }

  /** The log-likelihood of what stands from code point `from` on. */
  async function echoed(text: string, from: number): Promise<Loglikelihood> {
    const { logprobs } = await complete({ prompt: text, max_tokens: 1, temperature: 0, logprobs: 1, echo: true });
    const { token_logprobs: values, text_offset: offsets, top_logprobs: tops } = logprobs ?? {};
    if (values === undefined || offsets === undefined) throw new EvalError('E_SCORER', `endpointScorer: expected log-probabilities of the prompt from ${url} but found none. Use a server that echoes prompts with logprobs, or only tasks that generate.`);
    const end = Array.from(text).length;
    let logprob = 0;
    let greedy = true;
    offsets.forEach((offset, i) => {
      const value = values[i];
      // The token that the server adds, and the first of all, which nothing predicts.
      if (offset < from || offset >= end || value === null || value === undefined) return;
      logprob += value;
      const top = tops?.[i];
      if (top !== undefined && top !== null && value < Math.max(...Object.values(top))) greedy = false;
    });
    return { logprob, greedy };
  }

  return {
    name: model,
    loglikelihood: (requests: readonly LoglikelihoodRequest[]) => all(requests, ({ context, continuation }) => `${context.length}:${context}${continuation}`, ({ context, continuation }) => echoed(context + continuation, Array.from(stripEnd(context)).length)),
    async loglikelihoodRolling(texts) {
      return (await all(texts, (text) => text, (text) => echoed(text, 0))).map(({ logprob }) => logprob);
    },
    generateUntil: (requests: readonly GenerationRequest[]) => all(requests.map((each, i) => ({ ...each, i })), ({ context, kwargs, i }) => `${draws(kwargs) ? i : ''}${JSON.stringify(kwargs)}${context}`, async ({ context, kwargs }) => {
      const { until = [], temperature = 1, topP } = kwargs;
      // Endpoints take four stops; the rest are found here.
      const { text } = await complete({
        prompt: context, max_tokens: tokensOf(kwargs), temperature: draws(kwargs) ? temperature : 0, ...(topP === undefined ? {} : { top_p: topP }), ...(until.length === 0 ? {} : { stop: until.slice(0, 4) }),
      }, { fresh: draws(kwargs) });
      if (typeof text !== 'string') throw new EvalError('E_SCORER', `endpointScorer: expected a text from ${url} but found ${JSON.stringify(text)}. Check that it is OpenAI-compatible.`);
      return cutAt(text, until);
    }),
    info: { model_source: 'endpoint' },
  };
}
