import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Command } from '../cli/command.ts';
import { runCli } from '../cli/run-cli.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { data } from './data.ts';
import { dataDiff } from './data-diff.ts';
import { dataMonitor } from './data-monitor.ts';
import { dataReport } from './data-report.ts';
import { dataReviewApply, dataReviewExport } from './data-review.ts';

/** How often data was read from its beginning. */
const reads = vi.hoisted(() => ({ times: 0 }));
vi.mock('@llm/data-quality/node', async (original) => {
  const actual = await original<typeof import('@llm/data-quality/node')>();
  return { ...actual, readDocuments: (...given: Parameters<typeof actual.readDocuments>) => {
    reads.times++;
    return actual.readDocuments(...given);
  } };
});

let folder = '';
const STORY = 'We have been to the harbour, where the old boats lie in the mud and wait for the tide to lift them. Nobody could tell us how long they had been there, or what their owners meant to do with them once spring came. So we walked back along the wall, counted the gulls, and talked of other things';
const WINTERS = 'long cold dark grey early bitter quiet windy lonely distant famous'.split(' ');
const line = (id: string, text: string, extra: object = {}): string => `${JSON.stringify({ id, text, ...extra })}\n`;
const commands: readonly Command[] = [data, dataReport, dataDiff, dataMonitor, dataReviewExport, dataReviewApply];

async function llm(argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo(folder, { env: { MY_TOKEN: 'canary-123456' } });
  const code = await runCli(argv, { commands, version: '0', io });
  return { code, ...io.written };
}
const json = async (argv: readonly string[]): Promise<Record<string, never>> => {
  const { out, err, code } = await llm([...argv, '--json']);
  if (code !== 0 && code !== 3) throw new Error(err);
  return JSON.parse(out) as Record<string, never>;
};
const file = (name: string): string => readFileSync(join(folder, name), 'utf8');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-report-'));
  const stories = Array.from({ length: 12 }, (_, i) => line(`s${i}`, `${STORY}, as they were in the ${WINTERS.slice(0, i).join(' ')} winter.`, { url: 'https://a.example.org/', date: '2024-05-01' }));
  writeFileSync(join(folder, 'docs.jsonl'), [...stories, line('dup', `${STORY},  as they were in the  winter.`), line('short', 'Far too short, and canary-123456 in it. <b>'), line('near', 'the boats of the harbour and the gulls to count on the wall that have been '.repeat(4))].join(''));
  writeFileSync(join(folder, 'later.jsonl'), [...stories.slice(3), line('s0', 'Another text under the same name.'), line('new', 'Something new.')].join(''));
  const run = join(folder, 'run');
  mkdirSync(join(run, 'decisions'), { recursive: true });
  const decision = (id: string, words: number, extra: object = {}): string => `${JSON.stringify({ id, characters: 9, kept: words >= 50, ...(words >= 50 ? {} : { filter: 'gopherQuality', reason: 'gopher_short_doc', measured: words, threshold: 50, comparison: 'min' }), measures: { gopherQuality: { gopher_short_doc: words, gopher_long_doc: null } }, ...extra })}\n`;
  writeFileSync(join(run, 'decisions', '00000.jsonl.gz'), gzipSync(decision('a', 60) + decision('b', 45)));
  writeFileSync(join(run, 'decisions', '00001.jsonl.gz'), gzipSync(decision('c', 51) + decision('d', 99, { kept: false, filter: 'nearDuplicates', reason: 'near_duplicate', measured: 2, threshold: 1, comparison: 'max' })));
  writeFileSync(join(run, 'data-00000.jsonl.gz'), gzipSync(line('a', 'Text of a.', { source: 'wiki', meta: { provenance: { source: 'wiki', license: 'MIT' } } })));
  writeFileSync(join(run, 'data-00001.jsonl.gz'), gzipSync(line('c', 'Text of c.', { source: 'wiki' })));
  const tally = (documents: number) => ({ documents, characters: 9 * documents, bytes: 9 * documents });
  const dropped = (reason: string, filter: string, comparison: string, threshold: number) => ({ ...tally(1), filter, reason, comparison, threshold, measured: { min: 2, max: 2, mean: 2, sum: 2, bins: [] }, examples: ['b'] });
  writeFileSync(join(run, 'ledger.json'), JSON.stringify({ in: tally(4), out: tally(2), dropped: [dropped('gopher_short_doc', 'gopherQuality', 'min', 50), dropped('near_duplicate', 'nearDuplicates', 'max', 1)], skipped: [] }));
  writeFileSync(join(run, 'examples.json'), JSON.stringify([{ id: 'b', filter: 'gopherQuality', reason: 'gopher_short_doc', measured: 45, threshold: 50, comparison: 'min', text: 'Beginning of b' }]));
  const rule = (reason: string, comparison: string, threshold: number) => ({ reason, comparison, threshold });
  writeFileSync(join(run, 'manifest.json'), JSON.stringify({
    format: 1, version: 'f'.repeat(64), recipe: { name: 'small', steps: [{ name: 'gopherQuality', rules: [rule('gopher_short_doc', 'min', 50), rule('gopher_long_doc', 'max', 100000)] }, { name: 'nearDuplicates', rules: [rule('near_duplicate', 'max', 1)] }] }, measured: true,
    inputs: { files: 2, bytes: 9 }, documents: { in: 4, out: 2 }, bytes: 20, files: [{ name: 'data-00000.jsonl.gz' }, { name: 'data-00001.jsonl.gz' }], decisions: [{ name: 'decisions/00000.jsonl.gz' }, { name: 'decisions/00001.jsonl.gz' }],
  }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('llm data report', () => {
  test('decides on files and writes a page without their secrets', async () => {
    const { code, out } = await llm(['data', 'report', 'docs.jsonl', '--filters', 'gopher', '--out', 'pages/a.html', '--date', '2025-01-01', '--about', 'harbour', 'boats']);
    expect(code).toBe(0);
    expect(out).toMatch(/^12 of 15 documents are kept\n[\s\S]*Page: pages\/a\.html\n$/);
    const page = file('pages/a.html');
    expect(page).toContain('gopher_short_doc');
    expect(page).toContain('[secret] in it. &lt;b&gt;');
    expect(page).not.toContain('canary');
  });

  test('the same as data', async () => {
    const { ledger, dimensions, rules, examples, clusters } = await json(['data', 'report', 'docs.jsonl', '--filters', 'gopher', '--date', '2025-05-01']) as unknown as Record<string, any>;
    expect(ledger).toMatchObject({ in: { documents: 15 }, out: { documents: 12 } });
    expect(dimensions.sources).toMatchObject([{ source: 'docs.jsonl', documents: 12, dimensions: { timeliness: { value: 0.5 }, accuracy: { value: 1 } } }]);
    expect(rules.find(({ reason }: { reason: string }) => reason === 'gopher_short_doc')).toMatchObject({ threshold: 50, filter: 'gopherQuality' });
    expect(clusters).toEqual([{ reason: 'exact_duplicate', sizes: [{ size: 2, groups: 1 }] }]);
    expect(examples.map(({ id }: { id: string }) => id)).toContain('short');
  });

  test('a folder of llm data is shown as it was decided', async () => {
    const { ledger, rules, unmeasured, dimensions, examples, clusters } = await json(['data', 'report', 'run']) as unknown as Record<string, any>;
    expect(ledger.out.documents).toBe(2);
    expect(rules.map(({ reason, kept, dropped }: { reason: string; kept: number[]; dropped: number[] }) => [reason, kept.reduce((a, b) => a + b), dropped.reduce((a, b) => a + b)])).toEqual([['gopher_short_doc', 2, 2], ['gopher_long_doc', 0, 0]]);
    expect(unmeasured.map(({ reason }: { reason: string }) => reason)).toEqual(['near_duplicate']);
    expect(dimensions.sources.map(({ source, documents }: { source: string; documents: number }) => [source, documents])).toEqual([['wiki', 2]]);
    expect(examples).toMatchObject([{ id: 'b', text: 'Beginning of b' }]);
    expect(clusters).toEqual([{ reason: 'near_duplicate', sizes: [{ size: 2, groups: 1 }] }]);
    expect((await llm(['data', 'report', 'run', '--out', 'b.html'])).code).toBe(0);
  });

  test('--dry-run moves a threshold on either', async () => {
    expect(await json(['data', 'report', 'run', '--dry-run', 'gopher_short_doc=40'])).toMatchObject({ kept: { before: 2, after: 3 }, newlyKept: [{ id: 'b' }], newlyDropped: [] });
    expect(await json(['data', 'report', 'run', '--dry-run', 'gopher_short_doc=55'])).toMatchObject({ kept: { before: 2, after: 1 }, newlyDropped: [{ id: 'c', reason: 'gopher_short_doc', measured: 51 }] });
    expect(await json(['data', 'report', 'docs.jsonl', '--filters', 'gopher', '--dry-run', 'gopher_short_doc=1', 'gopher_enough_stop_words=1'])).toMatchObject({ kept: { before: 12 } });
    const refused = await llm(['data', 'report', 'run', '--dry-run', 'near_duplicate=3']);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('expected a rule whose number is known of every document')]);
  });

  test('an earlier version and feedback stand in the page', async () => {
    writeFileSync(join(folder, 'feedback.jsonl'), `${JSON.stringify({ id: 's1', verdict: 'bad', source: 'forum' })}\n`);
    reads.times = 0;
    const { versions, feedback } = await json(['data', 'report', 'later.jsonl', '--filters', 'none', '--against', 'docs.jsonl', '--feedback', 'feedback.jsonl']) as unknown as Record<string, any>;
    expect(versions.diff).toMatchObject({ added: ['new'], changed: ['s0'] });
    expect(reads.times).toBe(2);
    expect(feedback.sources).toEqual({ forum: { good: 0, bad: 1, documents: 1 } });
    writeFileSync(join(folder, 'feedback.jsonl'), '\n{"id":"a"}\n');
    expect((await llm(['data', 'report', 'docs.jsonl', '--feedback', 'feedback.jsonl'])).err).toMatch(/verdict missing \(.*feedback\.jsonl, line 2\)/);
  });

  test('a broken folder is told with file and line', async () => {
    const broken = join(folder, 'broken');
    mkdirSync(join(broken, 'decisions'), { recursive: true });
    for (const name of ['ledger.json', 'examples.json', 'data-00000.jsonl.gz', 'data-00001.jsonl.gz']) writeFileSync(join(broken, name), readFileSync(join(folder, 'run', name)));
    writeFileSync(join(broken, 'manifest.json'), file('run/manifest.json').replaceAll('.jsonl.gz"}', '.jsonl"}').replaceAll('data-00000.jsonl"', 'data-00000.jsonl.gz"').replaceAll('data-00001.jsonl"', 'data-00001.jsonl.gz"'));
    writeFileSync(join(broken, 'decisions', '00000.jsonl'), '{"id":"a","kept":true}\n{"id":7}\n');
    expect((await llm(['data', 'report', 'broken', '--json'])).err).toContain('decisions/00000.jsonl, line 2');
    writeFileSync(join(broken, 'manifest.json'), file('run/manifest.json').replace('"decisions/00000.jsonl.gz"', '"../../secret"'));
    expect((await llm(['data', 'report', 'broken', '--json'])).err).toContain('E_DATA_RUN');
    writeFileSync(join(broken, 'manifest.json'), file('run/manifest.json'));
    for (const name of ['00000.jsonl.gz', '00001.jsonl.gz']) writeFileSync(join(broken, 'decisions', name), readFileSync(join(folder, 'run', 'decisions', name)));
    expect((await llm(['data', 'report', 'broken', '--json'])).code).toBe(0);
    writeFileSync(join(broken, 'data-00001.jsonl.gz'), 'no gzip');
    expect((await llm(['data', 'report', 'broken', '--json'])).err).toMatch(/E_GZIP_MAGIC: .*data-00001\.jsonl\.gz/);
    writeFileSync(join(broken, 'ledger.json'), file('run/ledger.json').replace('"reason":"near_duplicate"', '"reason":7'));
    expect((await llm(['data', 'report', 'broken', '--json'])).err).toMatch(/E_DATA_RUN: .*ledger\.json but found .* at dropped\.1\.reason/);
    // Its shards, decided on as text, would look like data of their own.
    rmSync(join(broken, 'decisions'), { recursive: true });
    expect((await llm(['data', 'report', 'broken', '--json'])).err).toMatch(/E_DATA_RUN: .*broken but found no folder of decisions/);
    mkdirSync(join(folder, 'half', 'run'), { recursive: true });
    writeFileSync(join(folder, 'half', 'run', 'plan.json'), '{}');
    expect((await llm(['data', 'report', 'half', '--json'])).err).toContain('found one under way');
  });
});

test('llm data diff says what changed', async () => {
  const { out } = await llm(['data', 'diff', 'docs.jsonl', 'later.jsonl']);
  expect(out).toMatch(/added +1 +new/);
  expect(out).toMatch(/changed +1 +s0/);
  expect(await json(['data', 'diff', 'docs.jsonl', 'docs.jsonl'])).toMatchObject({ diff: { added: [], removed: [], unchanged: 15 }, alerts: [] });
});

test('llm data monitor keeps a ledger and ends with 3 where something drifted', async () => {
  const first = await llm(['data', 'monitor', 'docs.jsonl', '--filters', 'none', '--ledger', 'v/ledger.jsonl']);
  expect([first.code, first.out]).toEqual([0, expect.stringContaining('It is the first.')]);
  const again = await llm(['data', 'monitor', 'docs.jsonl', '--filters', 'none', '--ledger', 'v/ledger.jsonl']);
  expect([again.code, again.out]).toEqual([0, expect.stringContaining('not added again')]);
  const later = await llm(['data', 'monitor', 'later.jsonl', '--filters', 'none', '--ledger', 'v/ledger.jsonl']);
  expect([later.code, later.out]).toEqual([3, expect.stringContaining('docs.jsonl: its 15 documents are gone')]);
  expect(file('v/ledger.jsonl').trim().split('\n')).toHaveLength(2);
  writeFileSync(join(folder, 'v/ledger.jsonl'), file('v/ledger.jsonl').replace('"documents":15', '"documents":16'));
  const changed = await llm(['data', 'monitor', 'docs.jsonl', '--ledger', 'v/ledger.jsonl']);
  expect([changed.code, changed.err]).toEqual([1, expect.stringContaining('line 2')]);
});

test('what looks at data is not written where it would be read as data', async () => {
  const beside = join(folder, 'beside');
  mkdirSync(beside);
  writeFileSync(join(beside, 'a.jsonl'), line('a', 'Some text.'));
  writeFileSync(join(beside, 'queue.jsonl'), '');
  const before = file('beside/queue.jsonl');
  for (const [argv, found] of [
    ['data monitor beside --ledger beside/versions.jsonl', 'inside beside'],
    ['data monitor beside/*.jsonl --ledger beside/versions.jsonl', 'among beside/'],
    ['data report beside/a.jsonl --out beside/a.jsonl', 'to be beside/a.jsonl'],
    ['data review export beside --out beside/more.jsonl', 'inside beside'],
    ['data review export docs.jsonl --exclude beside/queue.jsonl --out beside/queue.jsonl', 'to be beside/queue.jsonl'],
    ['data review apply beside/queue.jsonl --data docs.jsonl --out beside/queue.jsonl', 'to be beside/queue.jsonl'],
    ['data review export run --inputs beside --out beside/more.jsonl', 'inside beside'],
  ] as const) expect(await llm(argv.split(' ')), argv).toMatchObject({ code: 1, err: expect.stringMatching(new RegExp(`E_OUTPUT: .* ${found}`)) as string });
  expect([file('beside/queue.jsonl'), readdirSync(beside)]).toEqual([before, ['a.jsonl', 'queue.jsonl']]);
  // What is not read as data may lie there: a page, and in a folder of llm data whatever its manifest does not name.
  for (const argv of ['data report beside/a.jsonl --out beside/a.html', 'data report beside/*.jsonl --out beside/b.html', 'data monitor run --ledger run/versions.jsonl']) expect(await llm(argv.split(' ')), argv).toMatchObject({ code: 0 });
  rmSync(join(folder, 'run', 'versions.jsonl'));
});

describe('llm data review', () => {
  const judge = (name: string, verdictOf: (item: { id: string; automatic: string }) => object): void => {
    const items = file('queue.jsonl').trim().split('\n').map((text) => JSON.parse(text) as { id: string; automatic: string });
    writeFileSync(join(folder, name), items.map((item) => `${JSON.stringify({ ...item, ...verdictOf(item) })}\n`).join(''));
  };

  test('out as a queue, judged, back as overrides that the next run obeys', async () => {
    expect(await json(['data', 'review', 'export', 'docs.jsonl', '--filters', 'gopher', '--out', 'queue.jsonl', '--size', '8'])).toMatchObject({ documents: 8 });
    judge('one.jsonl', ({ id }) => ({ verdict: id === 'short' ? 'keep' : id === 's3' ? 'drop' : id === 'dup' ? 'drop' : 'keep', note: 'seen' }));
    const { overrides, rules, reviewers } = await json(['data', 'review', 'apply', 'one.jsonl', '--data', 'docs.jsonl', '--filters', 'gopher', '--out', 'over.jsonl']) as unknown as Record<string, any>;
    expect([overrides, reviewers]).toEqual([8, null]);
    expect(rules.find(({ reason }: { reason: string }) => reason === 'gopher_short_doc')).toMatchObject({ judged: 1, agreed: 0 });
    const { ledger } = await json(['data', 'report', 'docs.jsonl', '--filters', 'gopher', '--overrides', 'over.jsonl']) as unknown as Record<string, any>;
    const dropped = file('over.jsonl').split('\n').filter((text) => text.includes('"drop"')).length;
    expect(ledger.dropped.find(({ reason }: { reason: string }) => reason === 'review_drop')?.documents ?? 0).toBe(dropped);
    expect(ledger.dropped.some(({ reason }: { reason: string }) => reason === 'gopher_short_doc')).toBe(false);
  });

  test('llm data takes overrides and feedback', async () => {
    writeFileSync(join(folder, 'said.jsonl'), ['u', 'v', 'w'].map((user) => `${JSON.stringify({ id: 's5', verdict: 'bad', user })}\n`).join(''));
    const { dropped } = await json(['data', 'docs.jsonl', '--recipe', 'gopher', '--dry-run', '--overrides', 'over.jsonl', '--feedback', 'said.jsonl']) as unknown as Record<string, any>;
    const reasons = dropped.map(({ reason }: { reason: string }) => reason);
    expect(reasons).toContain('blocked_id');
    expect(reasons).not.toContain('gopher_short_doc');
    expect(reasons.includes('review_drop')).toBe(file('over.jsonl').includes('"drop"'));
    writeFileSync(join(folder, 'bad.jsonl'), '{"id":"a","hash":"x","verdict":"keep"}\n');
    expect((await llm(['data', 'docs.jsonl', '--dry-run', '--overrides', 'bad.jsonl'])).err).toContain('bad.jsonl, line 1');
  });

  test('two reviewers: kappa, and what they differ on is left out', async () => {
    judge('a.jsonl', ({ automatic }) => ({ verdict: automatic }));
    judge('b.jsonl', ({ id, automatic }) => ({ verdict: id === 'short' ? 'keep' : automatic }));
    reads.times = 0;
    const { out } = await llm(['data', 'review', 'apply', 'a.jsonl', 'b.jsonl', '--data', 'docs.jsonl', '--out', 'both.jsonl']);
    expect(reads.times).toBe(1);
    expect(out).toMatch(/Both judged 8 documents and agree on 7; kappa 0\.\d\d\. Left out, because they differ: short/);
    expect(file('both.jsonl')).not.toContain('"short"');
    expect(file('both.jsonl').trim().split('\n')).toHaveLength(7);
  });

  test('what is wrong is refused with the file and its lines, and nothing is written', async () => {
    judge('wrong.jsonl', ({ id }) => (id === 'short' ? { verdict: 'keep', text: 'edited' } : { verdict: '' }));
    const { code, err } = await llm(['data', 'review', 'apply', 'wrong.jsonl', '--data', 'docs.jsonl', '--out', 'never.jsonl']);
    expect([code, err]).toEqual([1, expect.stringMatching(/line 1: .*\(wrong\.jsonl, line 1\)/s)]);
    expect(() => file('never.jsonl')).toThrow('ENOENT');
    judge('gone.jsonl', () => ({ verdict: 'keep' }));
    expect((await llm(['data', 'review', 'apply', 'gone.jsonl', '--data', 'later.jsonl'])).err).toContain('which is not among the documents');
  });

  test('as CSV, without what was judged before, complaints first', async () => {
    writeFileSync(join(folder, 'said.jsonl'), `${JSON.stringify({ id: 's7', verdict: 'bad' })}\n`);
    await llm(['data', 'review', 'export', 'docs.jsonl', '--filters', 'gopher', '--out', 'queue.csv', '--size', '4', '--exclude', 'one.jsonl', '--feedback', 'said.jsonl']);
    const rows = file('queue.csv').split('\r\n');
    expect(rows[0]).toBe('id,verdict,note,automatic,reason,measured,threshold,comparison,picked,source,hash,shownHash,cut,text');
    const before = file('one.jsonl');
    expect(rows.slice(1, -1).every((row) => !before.includes(`"id":"${row.split(',')[0]}"`))).toBe(true);
    if (!before.includes('"id":"s7"')) expect(rows[1]).toMatch(/^s7,.*reported/);
  });

  test('a folder wants the files that went in', async () => {
    expect((await llm(['data', 'review', 'export', 'run'])).err).toContain('expected --inputs PATH');
    writeFileSync(join(folder, 'in.jsonl'), ['a', 'b', 'c', 'd'].map((id) => line(id, `Text of ${id}.`)).join(''));
    expect(await json(['data', 'review', 'export', 'run', '--inputs', 'in.jsonl', '--out', 'q.jsonl'])).toMatchObject({ documents: 4, kept: 2 });
    expect(file('q.jsonl')).toContain('Text of d.');
    writeFileSync(join(folder, 'q.jsonl'), file('q.jsonl').replaceAll('"verdict":""', '"verdict":"keep"'));
    expect((await llm(['data', 'review', 'apply', 'q.jsonl', '--data', 'run'])).err).toContain('expected --inputs PATH with the files that went into run');
    expect(await json(['data', 'review', 'apply', 'q.jsonl', '--data', 'run', '--inputs', 'in.jsonl', '--out', 'q.over.jsonl'])).toMatchObject({ overrides: 4 });
    writeFileSync(join(folder, 'in.jsonl'), ['a', 'b', 'c'].map((id) => line(id, `Text of ${id}.`)).join(''));
    expect((await llm(['data', 'review', 'export', 'run', '--inputs', 'in.jsonl'])).err).toContain('found none of d in in.jsonl');
  });
});
