import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataReport } from '../corpus/prepare-data.ts';
import type { MetricsLine } from '../run/metrics-log.ts';
import type { RunRecord } from '../run/run-record.ts';
import { escapeHtml, html, htmlTable } from './html.ts';
import { lineChart, thinned, ticks } from './line-chart.ts';
import { reportHtml } from './report-html.ts';

const EVIL = '</pre><script>alert(1)</script><img src=x onerror="alert(2)"> \u202e\u001b[31m';

const record: RunRecord = {
  formatVersion: 1, name: EVIL, createdAt: EVIL,
  settings: {
    data: { paths: [EVIL], filters: EVIL, validationShare: 0.1, tokenizerBytes: 1, validationBytes: 1 }, tokenizer: { vocabSize: 300, split: EVIL, file: EVIL }, model: { [EVIL]: EVIL },
    training: { steps: 2, batch: 1, length: 8, accumulate: 1, lr: 0.1, minRatio: 0, warmupSteps: 1, beta1: 0.9, beta2: 0.95, weightDecay: 0, clipNorm: 1, seed: 0, checkpointed: false, evalEvery: 1, evalRows: 1, sampleEvery: 1, saveEvery: 1 },
    samples: { prompts: [EVIL], maxTokens: 1, temperature: 1 },
  },
  data: { sha256: EVIL, documents: 1, bytes: 1, trainDocuments: 1, trainTokens: 1, validationDocuments: 1, validationTokens: 1, validationBytes: 1 },
  tokenizerSha256: EVIL, tokenizerSize: 300, environment: { [EVIL]: EVIL }, device: { name: 'wasm', description: EVIL, threads: 1, peakFlops: null }, earlierDevices: [EVIL],
  init: { folder: EVIL, sha256: { [EVIL]: EVIL }, nonFinite: 1 },
  result: {
    finishedAt: EVIL, steps: 2, tokens: 2, seconds: 1, tokensPerSecond: 2, parameters: 3, initialLoss: 5, reloadMaxDifference: 0,
    evaluation: { loss: 1, perplexity: 2.7, bitsPerByte: 1.4, targets: 1, bytes: 1 }, compressions: [{ name: EVIL, bytes: 1, bitsPerByte: 2 }],
  },
};
const amount = { documents: 1, characters: 1, bytes: 1 };
const data: DataReport = {
  filters: { name: EVIL, description: EVIL, relaxed: [{ rule: EVIL, published: EVIL, used: EVIL, why: EVIL }] },
  ledger: { in: amount, out: amount, dropped: [{ ...amount, filter: EVIL, reason: EVIL, comparison: 'min', threshold: 1, measured: { min: 0, max: 1, mean: 0.5, sum: 0.5, bins: [] }, examples: [EVIL] }], skipped: [{ reason: EVIL, count: 1, examples: [EVIL] }] },
  examples: [{ id: EVIL, reason: EVIL, measured: 1, text: EVIL }],
  compressions: [{ name: EVIL, bytes: 1, bitsPerByte: 2 }],
  tokenizer: { size: 300, trainedOnBytes: 1, bytesPerToken: 2, longest: [EVIL] },
};
const line = (step: number): MetricsLine => ({ step, time: step, loss: 5 - step, lr: 0.1, grad_norm: 1, tokens: step, seconds: 1, tokens_per_second: 1, val_loss: 5, val_bits_per_byte: 2, samples: [{ prompt: EVIL, text: EVIL }] });

test('whatever comes from data, names or the model stays text', () => {
  const page = reportHtml({ record, data, lines: [line(0), line(1)] });
  expect(page).not.toMatch(/<script|<img|<[^>]*(\son\w+=|javascript:|https?:)/i);
  // eslint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e]/);
  expect(page.match(/&lt;script&gt;/g)!.length).toBeGreaterThan(20);
  expect(page.match(/, then on /g)).toHaveLength(1);
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`);
  const opened = page.match(/<(pre|table|svg|details|figure|div|p)\b/g)!.length;
  expect(page.match(/<\/(pre|table|svg|details|figure|div|p)>/g)!.length).toBe(opened);
});

test('a run that has not begun has a report too', () => {
  const { result, ...unfinished } = record;
  expect(result).toBeDefined();
  expect(reportHtml({ record: unfinished, data, lines: [] })).toContain('Nothing was measured');
});

test('html escapes every value but its own', () => {
  expect(html`<a title="${'"\'<&>'}">${['<', html`<b>${1}</b>`, undefined]}</a>`.markup).toBe('<a title="&quot;&#39;&lt;&amp;&gt;">&lt;<b>1</b></a>');
  expect(htmlTable(['<'], [['<']]).markup).not.toContain('<<');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"']/.test(escapeHtml(text))));
});

describe('line chart', () => {
  test('ticks are round and inside', () => {
    expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(1.7, 8.4, 5)).toEqual([2, 4, 6, 8]);
    expect(ticks(3, 3, 5)).toEqual([3]);
  });
  test('many points become means of groups, and what is not finite is left out', () => {
    expect(thinned([[0, 1], [1, 3], [2, 5], [3, 7]], 2)).toEqual([[1, 2], [3, 6]]);
    const points = Array.from({ length: 10_000 }, (_, i): [number, number] => [i, i % 3 === 0 ? Number.NaN : Math.sin(i)]);
    const { markup } = lineChart({ title: 't', xLabel: 'x', series: [{ name: 'n', points }] });
    expect(markup).not.toContain('NaN');
    expect(markup.length).toBeLessThan(20_000);
  });
  test('one point, equal points and none are drawn without dividing by zero', () => {
    for (const points of [[[1, 1]], [[1, 1], [2, 1]], []] as [number, number][][]) {
      expect(lineChart({ title: 't', xLabel: 'x', series: [{ name: 'n', points }] }).markup).not.toMatch(/NaN|Infinity/);
    }
  });
});
