import { describe, expect, test } from 'vitest';
import { type AuditEvent, auditLog } from '../audit/audit-log.ts';
import { cleanDocuments } from './clean-documents.ts';
import { constrainFineTuning, safetyTripwire } from './constrain-fine-tuning.ts';
import { refusalPairs } from './refusal-pairs.ts';
import { safetyPrompt, withSafetyPrompt } from './safety-prompt.ts';

const classify = (text: string) => ({ harm: text.includes('venom') ? 0.8 : 0.1, labels: { poison: 0.8, other: 0.1 } });
function collecting() {
  const events: (Omit<AuditEvent, 'texts'>)[] = [];
  return { events, audit: auditLog({ write: (line) => { events.push(JSON.parse(line) as AuditEvent); } }) };
}

describe('cleanDocuments', () => {
  test.each([0, 1500, 1990, 1999, 2000, 3990])('what begins at character %i is found, across pieces too', async (at) => {
    const { kept, dropped } = await cleanDocuments([{ text: `${'x'.repeat(at)}venom${'y'.repeat(700)}` }], { classify });
    expect(kept).toEqual([]);
    expect(dropped).toEqual([{ index: 0, harm: 0.8, label: 'poison' }]);
  });

  test('the rest stays as it is, and the log says what went', async () => {
    const { events, audit } = collecting();
    async function* documents() {
      yield { text: '', id: 1 };
      yield { text: 'venom', id: 2 };
      yield { text: 'fine', id: 3 };
    }
    const { kept, dropped } = await cleanDocuments(documents(), { classify, audit });
    expect(kept.map(({ id }) => id)).toEqual([1, 3]);
    expect(dropped).toHaveLength(1);
    expect(events).toMatchObject([{ layer: 'pretraining', action: 'drop', details: { index: 1, harm: 0.8, label: 'poison' } }]);
    expect((await cleanDocuments([{ text: 'venom' }], { classify, threshold: 0.9 })).kept).toHaveLength(1);
  });
});

describe('constrainFineTuning', () => {
  const examples = Array.from({ length: 100 }, (_, i) => ({ prompt: `p${i}`, answer: i % 10 === 0 ? 'venom' : 'fine' }));

  test('harmful answers go, refusals come, evenly', async () => {
    const { events, audit } = collecting();
    const refusals = [{ prompt: 'r', answer: 'no' }];
    const found = await constrainFineTuning(examples, { classify, refusals, refusalShare: 0.1, audit });
    expect(found.dropped).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(found.refusals).toBe(10);
    expect(found.examples).toHaveLength(100);
    const places = found.examples.flatMap(({ prompt }, i) => (prompt === 'r' ? [i] : []));
    expect(Math.max(...places.slice(1).map((place, i) => place - places[i]!))).toBeLessThanOrEqual(11);
    expect(events).toHaveLength(10);
    expect((await constrainFineTuning(examples, { classify })).examples).toHaveLength(90);
    await expect(constrainFineTuning(examples, { classify, refusalShare: 1 })).rejects.toThrow(/from 0 to below 1/);
  });

  test('a tripwire', async () => {
    const { events, audit } = collecting();
    const check = safetyTripwire({ before: 0.9, mostLost: 0.1, audit });
    expect(await check(0.85)).toEqual({ ok: true, score: 0.85, lost: expect.closeTo(0.05, 12) as number });
    expect((await check(0.7)).ok).toBe(false);
    expect((await check(NaN)).ok).toBe(false);
    expect(events.map(({ action }) => action)).toEqual(['tripwire', 'tripwire']);
  });
});

test('refusals are chosen where they should be and rejected where not', async () => {
  const pairs = await refusalPairs([{ text: 'bad', label: 'fraud' }, { text: 'good' }], { answer: (prompt) => `answer to ${prompt}`, refuse: (label) => `no: ${label}` });
  expect(pairs).toEqual([{ prompt: 'bad', chosen: 'no: fraud', rejected: 'answer to bad' }, { prompt: 'good', chosen: 'answer to good', rejected: 'no: unclear' }]);
});

test('a safety prompt stands before everything', () => {
  const messages = withSafetyPrompt([{ role: 'user', content: 'hi' }], { topics: ['poison'], help: '112' });
  expect(messages).toEqual([{ role: 'system', content: safetyPrompt({ topics: ['poison'], help: '112' }) }, { role: 'user', content: 'hi' }]);
  expect(messages[0]!.content).toMatch(/Do not help with: poison\.\n[^]*112$/);
});
