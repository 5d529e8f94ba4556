import { fillers, forms } from './request-forms.ts';
import type { TestText } from './measure-classifier.ts';

export interface ExampleRequestOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Requests at most; no request comes twice. */
  readonly count: number;
  /**
   * `train` to learn from; `fillers`: the same sentences about people and things that were never named there; `sentences`: sentences that are not in
   * training in any form, the hard part.
   */
  readonly part: 'train' | 'fillers' | 'sentences';
}

/** One sentence of each kind in four is kept for testing, and one filler in four. */
const HELD_OUT = 4;

/**
 * Short requests of our own making, harmful in form by topic (threats, intrusion, fraud, stalking) and harmless ones, half of which use the same words: to show a
 * monitor at work and to test one, not to protect anybody. Nothing in them says how harm is done. Every other one is harmful.
 *
 * @example
 * ```ts
 * import { exampleRequests } from '@llm/safety';
 * const requests = exampleRequests({ count: 200, part: 'train' });
 * const harmful = requests.filter(({ label }) => label !== undefined).length;
 * if (requests.length !== 200 || harmful !== 100) throw new Error('half of them');
 * ```
 */
export function exampleRequests({ seed = 0, count, part }: ExampleRequestOptions): TestText[] {
  const uniform = generator(seed + { train: 0, fillers: 1, sentences: 2 }[part]);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(uniform() * list.length)]!;
  const harmful = forms.filter(({ label }) => label !== undefined);
  const harmless = forms.filter(({ label }) => label === undefined);
  const seen = new Set<string>();
  const out: TestText[] = [];
  for (let tries = 0; out.length < count && tries < 50 * count; tries++) {
    const { label, lookAlike, texts } = pick(out.length % 2 === 0 ? harmful : harmless);
    const sentences = kept(texts, part === 'sentences').filter((text) => part !== 'fillers' || text.includes('{'));
    const filled = pick(sentences).replace(/\{(\w+)\}/g, (_, name: string) => pick(part === 'sentences' ? fillers[name]! : kept(fillers[name]!, part === 'fillers')));
    const text = filled.charAt(0).toUpperCase() + filled.slice(1);
    if (seen.has(text)) continue;
    seen.add(text);
    out.push({ text, ...(label === undefined ? {} : { label }), ...(lookAlike === true ? { lookAlike } : {}) });
  }
  return out;
}

/** The fourth part that is for testing, or the rest. */
const kept = <T>(list: readonly T[], test: boolean): T[] => list.filter((_, i) => (i % HELD_OUT === HELD_OUT - 1) === test);

/** Mulberry32: enough to shuffle examples, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value = (value + Math.imul(value ^ (value >>> 7), value | 61)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
