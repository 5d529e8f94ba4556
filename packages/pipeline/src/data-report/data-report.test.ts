import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectPage, type DataPage } from './collect.ts';
import { type Decided, type DecidedData, decide, type NamedRule } from './decided.ts';
import { dryRun, dryRunText, movedRules } from './dry-run.ts';
import { dataPageHtml } from './page-html.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { binOf, edgesFor, NOT_MEASURED, ruleBins, sampleCodes } from './rule-bins.ts';
import { keptUnder, meets, ruleSample, sampled } from './rule-sample.ts';
import { sourceOf } from './source-of.ts';
import { changeBetween, versionOf } from './versions.ts';

const RULES: readonly NamedRule[] = [
  { filter: 'f', reason: 'short', threshold: 50, comparison: 'min', measured: true },
  { filter: 'f', reason: 'digits', threshold: 0.2, comparison: 'max', measured: true },
  { filter: 'exactDedup', reason: 'exact_duplicate', threshold: 0, comparison: 'max', measured: false },
];
const MEASURED = RULES.slice(0, 2);
/** 200 documents: every tenth a duplicate, the others decided by two rules. */
const decisions: Decided[] = Array.from({ length: 200 }, (_, i) => {
  const values = { short: i, digits: (i % 7) / 20 };
  const document = { id: `d${i}`, text: `text ${i} api_key=abcdefgh ${'word '.repeat(i % 5)}`, source: `d${i}` };
  const broken = i % 10 === 3 ? { filter: 'exactDedup', reason: 'exact_duplicate', measured: 1, threshold: 0 } : values.short < 50 ? { filter: 'f', reason: 'short', measured: values.short, threshold: 50 } : values.digits > 0.2 ? { filter: 'f', reason: 'digits', measured: values.digits, threshold: 0.2 } : undefined;
  return { id: document.id, measures: { f: values }, document, ...(broken === undefined ? { kept: true, out: document } : { kept: false, comparison: broken.reason === 'short' ? 'min' : 'max', ...broken }) };
});
const tally = (n: number) => ({ documents: n, characters: n, bytes: n });
function dataOf(list: readonly Decided[], extra: Partial<DecidedData> = {}): DecidedData {
  const dropped = [...new Set(list.flatMap(({ reason }) => (reason === undefined ? [] : [reason])))].map((reason) => {
    const mine = list.filter((each) => each.reason === reason);
    return { ...tally(mine.length), filter: mine[0]!.filter!, reason, comparison: mine[0]!.comparison!, threshold: mine[0]!.threshold!, measured: { min: 0, max: 1, mean: 0.5, sum: 1, bins: [] }, examples: [] };
  });
  return { title: 't', description: 'd', rules: RULES, async *decisions() { yield* list; }, ledger: () => ({ in: tally(list.length), out: tally(list.filter(({ kept }) => kept).length), dropped, skipped: [] }), ...extra };
}

describe('bins', () => {
  test('edges are round, hold the threshold and are few', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 100_000 }), fc.constant(Number.NaN)), { maxLength: 60 }), fc.oneof(fc.constantFrom(0, 0.2, 1, 50, 100_000), fc.double({ min: 0, max: 10, noNaN: true })), (values, threshold) => {
      const edges = edgesFor(values, threshold);
      return edges.includes(threshold) && edges.length < 60 && edges.every((edge, i) => i === 0 || edge > edges[i - 1]!);
    }), { numRuns: 300 });
    expect(edgesFor([0, 1, 2, 3, 4, 5, 6, 7, 8], 2)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(edgesFor([], 0.3)).toEqual([0.3]);
  });

  test('a bin meets the threshold of an edge exactly when its values do', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 30 }), fc.constantFrom('min' as const, 'max' as const), (values, comparison) => {
      const edges = edgesFor(values, 0.5);
      return values.concat(edges).every((value) => edges.every((edge, j) => {
        const bin = binOf(value, { edges, comparison });
        return meets(value, { threshold: edge, comparison }) === (comparison === 'min' ? bin > j : bin <= j);
      }));
    }), { numRuns: 200 });
    expect(binOf(Number.NaN, { edges: [1], comparison: 'min' })).toBe(NOT_MEASURED);
  });

  test('every document of a sample is in one bin of each rule that measured it', () => {
    const documents = decisions.map((each) => sampled(each, MEASURED));
    const [short] = ruleBins(MEASURED, documents);
    expect(short!.kept.reduce((sum, n) => sum + n, 0)).toBe(decisions.filter(({ kept }) => kept).length);
    expect(short!.kept.reduce((sum, n) => sum + n, 0) + short!.dropped.reduce((sum, n) => sum + n, 0)).toBe(200);
    expect(short!.edges[short!.at]).toBe(50);
    expect(short!.kept.slice(0, short!.at + 1).every((n) => n === 0)).toBe(true);
  });

  test('what is not measured, or kept against the rules, stays as it was', () => {
    const [duplicate, forced] = [sampled(decisions[93]!, MEASURED), sampled({ ...decisions[1]!, kept: true }, MEASURED)];
    expect([duplicate.fixed, forced.fixed]).toEqual([1, 2]);
    const open = MEASURED.map((rule) => ({ ...rule, threshold: rule.comparison === 'min' ? -1 : 9 }));
    const closed = MEASURED.map((rule) => ({ ...rule, threshold: rule.comparison === 'min' ? 999 : -1 }));
    expect([keptUnder(duplicate, open), keptUnder(forced, closed)]).toEqual([false, true]);
  });

  test('a sample of a stream has its size, and is spread over the whole', () => {
    const sample = ruleSample(MEASURED, { size: 50 });
    for (let i = 0; i < 1000; i++) sample.add({ ...decisions[0]!, measures: { f: { short: i, digits: 0 } } });
    expect([sample.documents.length, sample.seen]).toEqual([50, 1000]);
    const mean = sample.documents.reduce((sum, { values }) => sum + values[0]!, 0) / 50;
    expect(Math.abs(mean - 500)).toBeLessThan(150);
  });
});

test('after a filter has dropped a document the others measure it and do not decide', () => {
  const seen: string[] = [];
  const filter = (name: string, drops: boolean) => ({ name, rules: [], check: () => { seen.push(name); return drops ? { keep: false as const, reason: name, measured: 1, threshold: 0, comparison: 'max' as const } : { keep: true as const, document: { id: 'a', text: 'changed' } }; }, measure: ({ text }: { text: string }) => ({ length: text.length }) });
  const { verdict, measures, out } = decide({ id: 'a', text: 'x' }, [filter('one', false), filter('two', true), filter('three', true)]);
  expect(seen).toEqual(['one', 'two']);
  expect(verdict).toMatchObject({ filter: 'two', reason: 'two' });
  expect(measures).toEqual({ one: { length: 1 }, two: { length: 7 }, three: { length: 7 } });
  expect(out.text).toBe('changed');
});

describe('dry run', () => {
  test('says who would change, both ways, and why', async () => {
    const result = await dryRun(dataOf(decisions), ['short=40', 'f/digits=0.1']);
    const keepsAt = (least: number, most: number) => decisions.filter(({ measures }, i) => i % 10 !== 3 && measures.f!.short! >= least && measures.f!.digits! <= most).map(({ id }) => id);
    const [before, after] = [keepsAt(50, 0.2), keepsAt(40, 0.1)];
    expect(result).toMatchObject({ documents: 200, kept: { before: before.length, after: after.length } });
    expect(result.newlyKept.map(({ id }) => id)).toEqual(after.filter((id) => !before.includes(id)));
    expect(result.newlyDropped.map(({ id }) => id)).toEqual(before.filter((id) => !after.includes(id)));
    expect(result.newlyKept[0]).toEqual({ id: 'd42', reason: 'short', measured: 42 });
    expect(result.newlyDropped[0]).toMatchObject({ reason: 'digits' });
    expect(result.moved.map(({ from, to }) => [from, to])).toEqual([[50, 40], [0.2, 0.1]]);
    expect(dryRunText(result)).toContain(`${before.length} of 200 documents are kept; ${after.length} would be`);
  });

  test.each([['short', 'RULE=VALUE'], ['short=x', 'RULE=VALUE'], ['short=', 'RULE=VALUE'], ['=3', 'RULE=VALUE'], ['shrt=3', 'none among short, digits'], ['exact_duplicate=1', 'which tells it only of those it drops']])('%s is refused', (move, message) => {
    expect(() => movedRules(RULES, [move])).toThrow(message);
  });

  test('two rules of one name want the filter before it', () => {
    const twice = [...RULES, { ...RULES[0]!, filter: 'g' }];
    expect(() => movedRules(twice, ['short=1'])).toThrow('f/short and g/short');
    expect(movedRules(twice, ['g/short=1']).map(({ threshold }) => threshold)).toEqual([50, 0.2, 0, 1]);
  });
});

const EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(2)"> \u202e\u001b[31m';

describe('page', () => {
  test('whatever comes from data or names stays text, and one script may run', async () => {
    const rules = [{ ...RULES[0]!, reason: EVIL, filter: EVIL }];
    const evil: Decided[] = [1, 2, 3].map((n) => ({ id: `${EVIL}${n}`, kept: n === 1, filter: EVIL, reason: EVIL, measured: n, threshold: 50, comparison: 'min', measures: { [EVIL]: { [EVIL]: n === 1 ? 60 : n } }, document: { id: `${EVIL}${n}`, text: `${EVIL}${n}`, source: EVIL, meta: { url: 'https://x.org', license: EVIL, provenance: { source: EVIL, license: EVIL } } }, ...(n === 1 ? { out: { id: EVIL, text: EVIL, meta: { provenance: { source: EVIL, license: EVIL } } } } : {}) }));
    const page = await collectPage(dataOf(evil, { rules, title: EVIL, description: EVIL, examples: [{ id: EVIL, reason: EVIL, measured: 1, text: EVIL }] }));
    const version = await versionOf(dataOf(evil, { rules }), { at: '2025-01-01T00:00:00Z' });
    const markup = dataPageHtml({
      ...page, ledger: { ...page.ledger, skipped: [{ reason: EVIL, count: 1, examples: [EVIL] }] }, unmeasured: rules, clusters: [{ reason: EVIL, sizes: [{ size: 2, groups: 1 }] }], versions: changeBetween(version, version),
      feedback: { review: [EVIL], block: { ids: [EVIL], sources: [EVIL] }, sources: { [EVIL]: { good: 1, bad: 1, documents: 1 } }, reasons: {} },
    } satisfies DataPage);
    expect(markup.match(/<script/g)).toHaveLength(2);
    expect(markup.match(/<\/script>/g)).toHaveLength(2);
    // What stands in quotes is the value of an attribute, which only a quote could end.
    expect(markup.replaceAll(/<script[\s\S]*?<\/script>/g, '').replaceAll(/"[^"<>]*"/g, '""')).not.toMatch(/<img|<[^>]*(\son\w+=|javascript:|\ssrc=|=[^"])/i);
    expect(markup).not.toMatch(/(href|src)="(?!#)/i);
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(markup).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
    expect(markup).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(PAGE_SCRIPT).digest('base64')}'; base-uri 'none'; form-action 'none'"`);
    const script = /<script>([\s\S]*?)<\/script>/.exec(markup)![1]!;
    expect(script).toBe(PAGE_SCRIPT);
    for (const tag of ['pre', 'table', 'svg', 'details', 'figure', 'div', 'p', 'section', 'ul', 'nav']) expect(markup.match(new RegExp(`</${tag}>`, 'g'))?.length, tag).toBe(markup.match(new RegExp(`<${tag}\\b`, 'g'))?.length);
  });

  test('data without rules that measure, and no data at all, have a page too', async () => {
    for (const data of [dataOf([], { rules: [] }), dataOf(decisions, { rules: RULES.slice(2) })]) {
      const markup = dataPageHtml(await collectPage(data));
      expect(markup).toContain('No rule measured every document');
      expect(markup).not.toMatch(/<script|NaN|Infinity|undefined/);
    }
  });

  test('its script counts as the thresholds decide', async () => {
    const page = await collectPage(dataOf(decisions));
    expect(page.sample).toMatchObject({ documents: 200, of: 200 });
    const dom = fakeDom(page);
    runInNewContext(PAGE_SCRIPT, { document: dom.document, atob, Uint8Array, console });
    const before = decisions.filter(({ kept }) => kept).length;
    expect(dom.text('summary')).toBe(`${before} of 200 documents are kept. Move a threshold to see what it would change.`);
    expect(dom.byId('reset').disabled).toBe(true);
    // Every threshold of both rules, against deciding again.
    for (const [i, rule] of page.rules.entries()) {
      for (const [at, edge] of rule.edges.entries()) {
        dom.move(i, at);
        const moved = MEASURED.map((each, j) => (j === i ? { ...each, threshold: edge } : each));
        const now = decisions.filter((each) => keptUnder(sampled(each, MEASURED), moved));
        if (at === rule.at) expect(dom.text('summary')).toContain('Move a threshold');
        else {
          expect(dom.text('summary')).toContain(`; ${now.length} would be: ${now.filter(({ kept }) => !kept).length} more, ${before - now.filter(({ kept }) => kept).length} fewer.`);
          expect(dom.text('command')).toBe(`--dry-run ${rule.reason}=${edge}`);
        }
      }
      dom.move(i, rule.at);
    }
    dom.move(0, 0);
    dom.move(1, 0);
    expect(dom.text('command')).toContain('short=1 digits=0');
    dom.click('reset');
    expect(dom.text('command')).toBe('');
  });

  test('codes hold what is fixed and a bin for each rule', () => {
    const documents = [decisions[93]!, decisions[60]!].map((each) => sampled(each, MEASURED));
    const bins = ruleBins(MEASURED, documents);
    const codes = [...Buffer.from(sampleCodes(bins, documents), 'base64')];
    expect(codes).toHaveLength(6);
    expect([codes[0], codes[3]]).toEqual([1, 0]);
    expect(codes[4]).toBe(binOf(60, bins[0]!));
  });
});

/** As much of a document as the script touches. */
function fakeDom({ rules, sample }: DataPage) {
  const element = (extra: Record<string, unknown> = {}) => {
    const listeners: Record<string, (event: unknown) => void> = {};
    return { textContent: '', hidden: true, disabled: true, value: '', setAttribute: () => {}, addEventListener: (name: string, listener: (event: unknown) => void) => { listeners[name] = listener; }, listeners, ...extra };
  };
  const ids: Record<string, ReturnType<typeof element>> = Object.fromEntries(['summary', 'command', 'reset', 'try'].map((id) => [id, element()]));
  ids.data = element({ textContent: JSON.stringify({ rules: rules.map(({ reason, comparison, edges, at }) => ({ name: reason, comparison, edges, at })), ...sample }) });
  const figures = rules.map((rule, i) => {
    const parts: Record<string, ReturnType<typeof element>> = { input: element(), output: element(), '.slide': element(), '.effect': element(), 'path.threshold': element() };
    const rects = Array.from({ length: 2 * (rule.edges.length + 1) }, () => element());
    return { dataset: { rule: String(i), box: '2 356 100 92' }, querySelector: (name: string) => parts[name], querySelectorAll: () => rects, parts };
  });
  return {
    document: { getElementById: (id: string) => ids[id], querySelectorAll: () => figures },
    byId: (id: string) => ids[id]!,
    text: (id: string) => ids[id]!.textContent,
    move: (i: number, at: number) => figures[i]!.parts.input!.listeners.input!({ target: { value: String(at) } }),
    click: (id: string) => ids[id]!.listeners.click!({}),
  };
}

test('with an earlier version, data is decided on once, and what is found of it is what a pass of its own finds', async () => {
  let passes = 0;
  const data = dataOf(decisions, { async *decisions() { passes++; yield* decisions; } });
  const at = '2025-01-01T00:00:00Z';
  const before = await versionOf(dataOf(decisions.slice(20, 150)), { at });
  const { versions, dimensions } = await collectPage(data, { referenceDate: at, against: { before, at } });
  expect(passes).toBe(1);
  expect(versions).toEqual(changeBetween(before, await versionOf(data, { at })));
  expect(versions!.diff.added.length).toBeGreaterThan(0);
  expect(dimensions).toEqual((await collectPage(data, { referenceDate: at })).dimensions);
  // Where what was kept is read by itself.
  const kept = dataOf(decisions.map(({ out, document, ...decided }) => decided), { async *kept() { for (const { out } of decisions) if (out) yield out; } });
  expect((await collectPage(kept, { referenceDate: at, against: { before, at } })).versions).toEqual(versions);
});

test('what a document counts to', () => {
  const of = (id: string, source?: string, meta?: Record<string, unknown>) => sourceOf({ id, text: '', ...(source === undefined ? {} : { source }), ...(meta === undefined ? {} : { meta }) });
  expect([of('a', 'f.jsonl'), of('docs/a/b.md', 'docs/a/b.md'), of('b.md', 'b.md'), of('x', 'https://a.org/x'), of('x', 'f', { provenance: { source: 'wiki' } }), of('x')]).toEqual(['f.jsonl', 'docs', '.', 'a.org', 'wiki', '']);
});

test('personal data is counted in what was kept, and shown nowhere', async () => {
  const texts = ['Call 13800138000 or ann@mail.cn, not 13900139000.', 'Mail bob@mail.cn.', 'Nothing here.'];
  const list = texts.map((text, i): Decided => ({ id: `p${i}`, measures: {}, document: { id: `p${i}`, text }, out: { id: `p${i}`, text }, kept: true }));
  const page = await collectPage(dataOf(list, { examples: [{ id: 'x', reason: 'short', measured: 1, text: 'From carl@mail.cn' }] }));
  expect(page.personal).toEqual([{ kind: 'email', documents: 2, found: 2 }, { kind: 'phone', documents: 1, found: 2 }]);
  const markup = dataPageHtml(page);
  expect(markup).toContain('Call [PHONE] or [EMAIL], not [PHONE].');
  expect(`${markup}${JSON.stringify(page)}`).not.toMatch(/@mail\.cn|13800138000/);
});

test('groups of duplicates: the copies of a text, and what near duplicates tell of their group', async () => {
  const copy = (id: string, text: string): Decided => ({ id, kept: false, filter: 'exactDedup', reason: 'exact_duplicate', measured: 1, threshold: 0, comparison: 'max', measures: {}, document: { id, text } });
  const near = (id: string, size: number): Decided => ({ ...copy(id, id), filter: 'nearDuplicates', reason: 'near_duplicate', measured: size });
  const { clusters } = await collectPage(dataOf([copy('a', 'x  y'), copy('b', 'x y '), copy('c', 'z'), near('d', 3), near('e', 3), near('f', 2)]));
  expect(clusters).toEqual([{ reason: 'exact_duplicate', sizes: [{ size: 2, groups: 1 }, { size: 3, groups: 1 }] }, { reason: 'near_duplicate', sizes: [{ size: 2, groups: 1 }, { size: 3, groups: 1 }] }]);
});
