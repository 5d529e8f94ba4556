import { startTraining, adamw, cosine, type Optimizer, type TrainingState } from '@llm/train';
import type { Tree } from '@llm/tensor';
import type { Held, RunFacts, StepReport } from '../protocol.ts';
import type { Settings } from '../settings.ts';
import type { Documents } from './documents.ts';
import type { Plan } from './plan.ts';
import type { Prepared } from './prepare.ts';

/** Everything that decides a run, written down before its first step. */
export interface RunRecord {
  readonly formatVersion: 1;
  readonly createdAt: number;
  readonly settings: Settings;
  readonly plan: Plan;
  readonly facts: RunFacts;
  readonly documentsSha256: string;
  /** How samples begin. */
  readonly samplePrompt: string;
  readonly device: string;
}

/** What is told of the steps so far; saved with each checkpoint. */
export interface History {
  readonly steps: StepReport[];
  readonly held: Held[];
  seconds: number;
}

/** A run in memory. */
export interface Session {
  readonly record: RunRecord;
  readonly documents: Documents;
  readonly prepared: Prepared;
  readonly params: Tree;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  readonly history: History;
}

/** A run that has done nothing yet. */
export function sessionOf(record: RunRecord, documents: Documents, prepared: Prepared): Session {
  const { settings: { learningRate, seed }, plan: { steps, warmupSteps, weightDecay } } = record;
  const optimizer = adamw({ lr: cosine(learningRate, { warmupSteps, steps, minRatio: 0.05 }), beta1: 0.9, beta2: 0.95, weightDecay });
  const params = prepared.model.init(seed);
  return { record, documents, prepared, params, optimizer, state: startTraining(params, optimizer), history: { steps: [], held: [], seconds: 0 } };
}

/** A few words that a held-out document begins with. */
export function samplePromptOf({ held, train }: Documents): string {
  for (const text of [...held, ...train]) {
    const words = text.slice(0, 200).split(/\s+/).slice(0, 4).join(' ');
    if (words.length >= 4 && words.length <= 60) return words;
  }
  return '';
}
