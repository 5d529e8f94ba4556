import { describe, expect, test } from 'vitest';
import { hubRows } from '../tasks/hub-rows.ts';
import { encodePair, type PairEncoder } from './encode-pair.ts';
import { rollingWindows } from './rolling-windows.ts';

/** Letters as ids, but ` b` is one token (999), and a text begins with 0 unless it is bare. */
const encoder: PairEncoder = {
  prefixId: 0,
  encode(text, { bare = false } = {}) {
    const ids = [...text.replaceAll(' b', '\u0001')].map((letter) => (letter === '\u0001' ? 999 : letter.charCodeAt(0)));
    return bare ? ids : [0, ...ids];
  },
};

describe('encodePair', () => {
  test.each([
    // The space goes to the continuation, where it makes one token with what follows.
    [{ context: 'a ', continuation: 'b' }, { context: [0, 97], continuation: [999] }],
    [{ context: 'a', continuation: ' b' }, { context: [0, 97], continuation: [999] }],
    [{ context: 'a \n\t', continuation: 'c' }, { context: [0, 97], continuation: [32, 10, 9, 99] }],
    // Nothing before: the prefix stands in, unless the continuation begins with it.
    [{ context: '', continuation: 'ac' }, { context: [0], continuation: [97, 99] }],
    [{ context: '', continuation: '\0a' }, { context: [0], continuation: [97] }],
    [{ context: ' \n', continuation: 'a' }, { context: [0], continuation: [32, 10, 97] }],
  ])('%j', (pair, expected) => { expect(encodePair(pair, encoder)).toEqual(expected); });
});

describe('rollingWindows', () => {
  const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

  test('each token once, after at least one other, never more than the window', () => {
    for (const maxTokens of [1, 2, 3, 7]) {
      for (let count = 0; count <= 20; count++) {
        const windows = rollingWindows(ids(count), { prefixId: 0, maxTokens });
        expect(windows.flatMap(({ continuation }) => continuation)).toEqual(ids(count));
        for (const { context, continuation } of windows) {
          expect(context.length).toBeGreaterThan(0);
          // The last token that is predicted is no input.
          expect(context.length + continuation.length - 1).toBeLessThanOrEqual(maxTokens);
          expect(context.at(-1)).toBe(continuation[0]! - 1);
        }
      }
    }
  });

  test('the last window reaches back as far as there is room', () => {
    expect(rollingWindows(ids(5), { prefixId: 0, maxTokens: 4 })).toEqual([{ context: [0], continuation: [1, 2, 3, 4] }, { context: [1, 2, 3, 4], continuation: [5] }]);
    expect(() => rollingWindows([1], { prefixId: 0, maxTokens: 0 })).toThrow(RangeError);
  });
});

describe('hubRows', () => {
  const server = (all: number, { broken = false } = {}) => {
    const asked: string[] = [];
    const answer: typeof fetch = async (url) => {
      const query = new URL(String(url)).searchParams;
      asked.push(`${query.get('offset')}+${query.get('length')}`);
      const from = Number(query.get('offset'));
      const rows = Array.from({ length: broken ? 0 : Math.min(Number(query.get('length')), all - from) }, (_, i) => ({ row: { i: from + i } }));
      return Response.json({ rows, num_rows_total: all });
    };
    return { asked, answer };
  };

  test('page by page, up to the limit', async () => {
    const { asked, answer } = server(230);
    expect((await hubRows('a/b', { split: 'test', fetch: answer })).map(({ i }) => i)).toEqual(Array.from({ length: 230 }, (_, i) => i));
    expect(await hubRows('a/b', { split: 'test', limit: 120, fetch: answer })).toHaveLength(120);
    expect(asked).toEqual(['0+100', '100+100', '200+100', '0+100', '100+20']);
  });

  test('an empty page before the end, and a refusal, are errors', async () => {
    await expect(hubRows('a/b', { split: 'test', fetch: server(5, { broken: true }).answer })).rejects.toMatchObject({ code: 'E_TASK_DATA' });
    await expect(hubRows('a/b', { split: 'test', token: 'hf_secret', fetch: async () => new Response('no such split', { status: 404 }) })).rejects.toThrow(/404 no such split/);
  });
});
