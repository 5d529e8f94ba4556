import { bytes } from '../cli/format.ts';
import type { StepTimer } from './speed.ts';
import { halfTheLayers, inExperts, memoryOf, stepFlopsOf, type Work } from './work.ts';

/** What one way of saving would do to the cost of a training. */
export interface Saving {
  readonly name: string;
  /** Which of the article's three factors it belongs to. */
  readonly of: 'data' | 'model' | 'infrastructure';
  /** What is left of the time: 0.8 saves a fifth. Undefined where it cannot be had here. */
  readonly factor: number | undefined;
  readonly how: 'measured' | 'estimated';
  readonly says: string;
}

/** What the article that this follows reckons with: the three multiplied leave a fifth. */
export const ARTICLE: Readonly<Record<Saving['of'], number>> = { data: 0.8, model: 0.5, infrastructure: 0.5 };

export interface SavingsOptions {
  readonly time: StepTimer;
  /** Characters that the filters keep, of those that were read; undefined where no text was read. */
  readonly text: { readonly kept: number; readonly read: number } | undefined;
  readonly device: string;
  /** How much faster the device multiplies in half precision; undefined where it has none. */
  readonly f16: number | undefined;
}

/** What each saving would give for a work, timed here where a step is short enough, worked out otherwise. */
export async function savingsOf(work: Work, { time, text, device, f16 }: SavingsOptions): Promise<Saving[]> {
  const base = await time(work);
  const against = async (other: Work): Promise<Pick<Saving, 'factor' | 'how'>> => {
    const found = await time(other);
    const measured = base.how === 'measured' && found.how === 'measured';
    return measured ? { factor: found.seconds / base.seconds, how: 'measured' } : { factor: stepFlopsOf(other) / stepFlopsOf(work), how: 'estimated' };
  };
  const half = halfTheLayers(work.config);
  const experts = inExperts(work.config);
  const [plain, checkpointed] = [memoryOf({ ...work, checkpointed: false }), memoryOf({ ...work, checkpointed: true })];
  return [
    { name: 'cleaning', of: 'data', ...(text === undefined ? { factor: undefined, how: 'estimated', says: 'no text was read' } : { factor: text.kept / text.read, how: 'measured', says: `the filters keep ${(100 * text.kept / text.read).toFixed(0)} % of the text` }) },
    { name: 'compression', of: 'model', ...(half === undefined ? { factor: undefined, how: 'estimated' } : await against({ ...work, config: half })), says: 'a student of half the layers' },
    { name: 'mixture of experts', of: 'model', ...(experts === undefined ? { factor: undefined, how: 'estimated' } : await against({ ...work, config: experts })), says: experts === undefined ? 'reckoned for Llama\'s kind alone' : 'the same parameters, of whose MLP a token meets a quarter' },
    { name: 'mixed precision', of: 'infrastructure', ...(await mixed(work, { time, base, device, f16 })) },
    {
      name: 'activation checkpointing', of: 'infrastructure', ...await against({ ...work, checkpointed: true }),
      says: plain === undefined || checkpointed === undefined ? 'of memory, not of time' : `memory ${bytes(plain.peak)} → ${bytes(checkpointed.peak)} (estimated), so that larger batches fit`,
    },
  ];
}

async function mixed(work: Work, { time, base, device, f16 }: { time: StepTimer; base: { seconds: number; how: string } } & Pick<SavingsOptions, 'device' | 'f16'>): Promise<Pick<Saving, 'factor' | 'how' | 'says'>> {
  if (f16 === undefined) return { factor: undefined, how: 'estimated', says: `${device} has no half precision` };
  const found = await time({ ...work, precision: 'f16' });
  if (base.how === 'measured' && found.how === 'measured') return { factor: found.seconds / base.seconds, how: 'measured', says: 'products of factors in 16 bits' };
  return { factor: 1 / f16, how: 'estimated', says: 'products of factors in 16 bits, by their measured rate' };
}

/** What is left when savings are taken together: the best of each kind, multiplied, as the article does. */
export function together(savings: readonly Saving[]): number {
  return Object.keys(ARTICLE).reduce((product, kind) => product * Math.min(1, ...savings.filter(({ of }) => of === kind).flatMap(({ factor }) => factor ?? [])), 1);
}
