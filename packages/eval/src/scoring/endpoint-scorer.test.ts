import { expect, test } from 'vitest';
import { endpointScorer } from './endpoint-scorer.ts';

/** A server whose model likes the letter a: tokens are letters, a has ln ½, every other ln ¼. */
function server({ failures = [] as (number | 'gone')[] } = {}) {
  const bodies: Record<string, unknown>[] = [];
  const answer: typeof fetch = async (_url, init) => {
    const failure = failures.shift();
    if (failure === 'gone') throw new TypeError('fetch failed');
    if (failure !== undefined) return new Response('try later, key sk-1', { status: failure });
    const body = JSON.parse(String(init?.body)) as { prompt: string; echo?: boolean };
    bodies.push(body);
    if (!body.echo) return Response.json({ choices: [{ text: `${body.prompt.length} END more` }] });
    const letters = Array.from(`${body.prompt}z`);
    return Response.json({ choices: [{ text: '', logprobs: {
      tokens: letters, text_offset: letters.map((_, i) => i), token_logprobs: letters.map((letter, i) => (i === 0 ? null : letter === 'a' ? Math.log(0.5) : Math.log(0.25))),
      top_logprobs: letters.map((_, i) => (i === 0 ? null : { a: Math.log(0.5) })),
    } }] });
  };
  return { bodies, answer };
}
const at = { url: 'http://localhost:1/v1/', model: 'tiny', backoffMs: 1 };

test('the tokens of the continuation count, with the spaces before it, and each request is sent once', async () => {
  const { bodies, answer } = server();
  const scorer = endpointScorer({ ...at, fetch: answer });
  const found = await scorer.loglikelihood([{ context: 'xx ', continuation: 'aa' }, { context: 'xx', continuation: 'aa' }, { context: 'xx', continuation: 'aa' }, { context: '😀', continuation: 'ab' }]);
  const logs = [Math.log(0.25) + 2 * Math.log(0.5), 2 * Math.log(0.5), 2 * Math.log(0.5), Math.log(0.5) + Math.log(0.25)];
  found.forEach(({ logprob }, i) => expect(logprob).toBeCloseTo(logs[i]!, 12));
  expect(found.map(({ greedy }) => greedy)).toEqual([false, true, true, false]);
  expect(bodies).toHaveLength(3);
  expect((await scorer.loglikelihoodRolling(['baa']))[0]).toBeCloseTo(2 * Math.log(0.5), 12);
});

test('texts end before the stops, more of them than endpoints take', async () => {
  const { bodies, answer } = server();
  const until = ['1', '2', '3', '4', ' END'].map((each) => (each === ' END' ? each : `~${each}`));
  const found = await endpointScorer({ ...at, fetch: answer }).generateUntil([{ context: 'abc', kwargs: { until, maxGenToks: 5 } }, { context: 'abc', kwargs: { until, maxGenToks: 5 } }]);
  expect(found).toEqual(['3', '3']);
  expect(bodies).toEqual([{ model: 'tiny', prompt: 'abc', max_tokens: 5, temperature: 0, stop: until.slice(0, 4) }]);
});

test('a server that is busy or gone is asked again; one that refuses is not, and no error holds the key', async () => {
  const { answer } = server({ failures: [503, 'gone'] });
  expect(await endpointScorer({ ...at, fetch: answer }).loglikelihoodRolling(['ba'])).toEqual([Math.log(0.5)]);
  const refused = await endpointScorer({ ...at, apiKey: 'sk-secret', fetch: server({ failures: [401, 401] }).answer }).loglikelihoodRolling(['ba']).catch((error: unknown) => error as Error);
  expect(refused).toMatchObject({ code: 'refused', status: 401 });
  expect(String((refused as Error).message)).toMatch(/401/);
  expect(String((refused as Error).message)).not.toContain('sk-secret');
  const silent = endpointScorer({ ...at, fetch: async () => Response.json({ choices: [{ text: 'x' }] }) });
  await expect(silent.loglikelihood([{ context: 'a', continuation: 'b' }])).rejects.toThrow(/echoes prompts/);
});
