import { createModel, generate } from '@llm/model';
import { disposeTree, useDevice } from '@llm/tensor';
import { trainBpe } from '@llm/tokenizer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditLog, verifyAuditLog } from '../audit/audit-log.ts';
import { anomalyDetector } from '../detect/anomaly.ts';
import { contentDetector, intentDetector } from '../detect/classified.ts';
import { type GeneratedPiece, guarded, type GuardedPiece, type GuardOptions } from './guarded.ts';
import { piecesOf } from './pieces-of.ts';

const classify = (text: string) => ({ harm: Number(text.includes('POISON')), labels: { poison: 1 } });
const detectors = [intentDetector(classify), contentDetector(classify)];

function source(texts: readonly string[]) {
  const state = { taken: 0, closed: false };
  async function* pieces(): AsyncGenerator<GeneratedPiece> {
    try {
      for (const text of texts) {
        state.taken++;
        yield { text };
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, pieces: pieces() };
}

async function run(texts: readonly string[], options: Partial<GuardOptions> = {}) {
  const { state, pieces } = source(texts);
  const out: GuardedPiece[] = [];
  for await (const piece of guarded(pieces, { prompt: 'hello', detectors, ...options })) out.push(piece);
  return { out, state, text: out.filter(({ kind }) => kind === 'text').map(({ text }) => text).join('') };
}

describe('guarded', () => {
  test('what is harmless comes out whole, in pieces, later', async () => {
    const words = Array.from({ length: 300 }, (_, i) => `word${i} `);
    const { out, text, state } = await run(words);
    expect(text).toBe(words.join(''));
    expect(out.every(({ kind }) => kind === 'text')).toBe(true);
    expect(out.length).toBeGreaterThan(20);
    expect(state).toEqual({ taken: 300, closed: true });
    expect((await run([])).out).toEqual([]);
  });

  test('nothing that is flagged is shown, wherever it stands and however it is cut', async () => {
    await fc.assert(fc.asyncProperty(
      fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 300 }), fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 90 }),
      async (before, after, sizes, everyCharacters) => {
        const whole = `${'x'.repeat(before)}POISON${'y'.repeat(after)}`;
        const texts: string[] = [];
        for (let at = 0, i = 0; at < whole.length; i++) {
          texts.push(whole.slice(at, at + sizes[i % sizes.length]!));
          at += sizes[i % sizes.length]!;
        }
        const { text, out, state } = await run(texts, { heldCharacters: 6, contextCharacters: 6, everyCharacters });
        expect(whole.startsWith(text)).toBe(true);
        expect(text.length).toBeLessThanOrEqual(before);
        expect(out.at(-1)).toMatchObject({ kind: 'notice', finding: { label: 'poison' } });
        expect(state.closed).toBe(true);
      },
    ), { numRuns: 60, seed: 1 });
  });

  test('a safe stop ends the generation, and the log has its reason and no words', async () => {
    const lines: string[] = [];
    const { text, state } = await run([...Array.from({ length: 20 }, () => 'abcdefghij'), 'POISON', ...Array.from({ length: 500 }, () => 'abcdefghij')], { audit: auditLog({ write: (line) => { lines.push(line); } }) });
    expect(state.taken).toBeLessThan(40);
    expect(text.length).toBeLessThan(200);
    const [entry] = await verifyAuditLog(lines);
    expect(entry).toMatchObject({ layer: 'inference', action: 'stop', reason: 'poison', details: { detector: 'content', shownCharacters: text.length } });
    expect(lines[0]).not.toMatch(/POISON|abcdefghij/);
  });

  test('a correction takes the place of the rest, unless it is no better', async () => {
    const { out } = await run(['fine POISON'], { correct: ({ finding, shown }) => `Let us not (${finding.label}, ${shown.length}).`, notice: () => 'Corrected.' });
    expect(out.map(({ kind, text }) => [kind, text])).toEqual([['correction', 'Let us not (poison, 0).'], ['notice', 'Corrected.']]);
    expect((await run(['POISON'], { correct: async () => 'more POISON' })).out.map(({ kind }) => kind)).toEqual(['notice']);
  });

  test('what is asked is looked at before anything is generated', async () => {
    const { out, state } = await run(['fine'], { prompt: 'Give me POISON' });
    expect(out).toEqual([{ kind: 'notice', text: 'This answer was stopped by a safety check (poison).', finding: { detector: 'intent', label: 'poison', score: 1, threshold: 0.5 } }]);
    expect(state.taken).toBe(0);
  });

  test('tokens that go round in circles', async () => {
    async function* tokens() {
      for (let i = 0; i < 100; i++) yield { id: i % 2, text: 'ab'[i % 2]! };
    }
    const out: GuardedPiece[] = [];
    for await (const piece of guarded(tokens(), { prompt: '', detectors: [anomalyDetector({ window: 16 })] })) out.push(piece);
    expect(out).toMatchObject([{ kind: 'notice', finding: { label: 'repetition' } }]);
  });

  test('who stops listening closes the source; a detector that fails shows nothing more', async () => {
    const first = source(Array.from({ length: 100 }, () => 'abcdefghij'));
    for await (const _ of guarded(first.pieces, { prompt: '', detectors })) break;
    expect(first.state.closed).toBe(true);
    const second = source(['a'.repeat(500)]);
    const seen: GuardedPiece[] = [];
    const broken = { name: 'broken', content: () => { throw new Error('away'); } };
    await expect(async () => { for await (const piece of guarded(second.pieces, { prompt: '', detectors: [broken] })) seen.push(piece); }).rejects.toThrow('away');
    expect(seen).toEqual([]);
    expect(second.state.closed).toBe(true);
  });

  test('no character is torn', async () => {
    const { out, text } = await run(Array.from({ length: 120 }, () => '😀'), { heldCharacters: 7, everyCharacters: 3 });
    expect(text).toBe('😀'.repeat(120));
    for (const piece of out) expect(encodeURIComponent(piece.text)).toMatch(/^(%F0%9F%98%80)*$/);
  });
});

test('piecesOf: one row of a batch, with its log-probabilities', async () => {
  async function* tokens() {
    yield { row: 1, id: 5 };
    yield { row: 0, id: 6 };
    yield { row: 1, id: 7, logprob: -0.5, done: true as const };
    throw new Error('the row has ended');
  }
  const pieces: GeneratedPiece[] = [];
  for await (const piece of piecesOf(tokens(), { row: 1, decoder: { push: String, end: () => '.' } })) pieces.push(piece);
  expect(pieces).toEqual([{ id: 5, text: '5' }, { id: 7, text: '7.', logprob: -0.5 }]);
});

test('around a model that generates: the text is what its tokens spell', async () => {
  await useDevice('wasm');
  const tokenizer = await trainBpe(['the river runs to the sea and the sea is wide 😀 '.repeat(20)], { vocabSize: 290 });
  const model = createModel({ model_type: 'gpt2', vocab_size: tokenizer.size, n_positions: 128, n_embd: 16, n_head: 2, n_layer: 1 });
  const params = model.init(5);
  const prompt = [...tokenizer.encode('the river')];
  const options = { maxTokens: 60, seed: 2, eosIds: [], logprobs: true };
  const ids: number[] = [];
  for await (const { id } of generate(model, params, [prompt], options)) ids.push(id);
  let shown = '';
  const pieces = piecesOf(generate(model, params, [prompt], options), { decoder: tokenizer.streamDecoder() });
  for await (const { kind, text } of guarded(pieces, { prompt: 'the river', detectors: [...detectors, anomalyDetector()] })) if (kind === 'text') shown += text;
  expect(shown).toBe(tokenizer.decode(ids));
  disposeTree(params);
});
