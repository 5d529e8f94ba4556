import { bitsPerByte, batches, batchesInOrder, type CausalBatch, causalLoss, type PackedRows } from '@llm/pretrain';
import { memory } from '@llm/tensor';
import { progressOf, train } from '@llm/train';
import type { Report, StepReport } from '../protocol.ts';
import { isQuota } from './problem.ts';
import { saveStep } from './saved-run.ts';
import type { Session } from './session.ts';
import type { Store } from './store.ts';
import { sample } from './write.ts';

export interface TrainingOptions {
  /** Ends the training after the step under way. */
  readonly signal: AbortSignal;
  /** Undefined where nothing can be kept. */
  readonly store: Store | undefined;
  readonly post: (report: Report) => void;
  /** What was asked for meanwhile: runs between two steps. */
  readonly between: () => Promise<void>;
}

/** The page redraws no more often. */
const POST_EVERY_MS = 120;
const HELD_ROWS = 48;
const MOST_POINTS = 2000;

/** Trains from where the session is to its last step, or to the signal. */
export async function trainSession(session: Session, { signal, store, post, between }: TrainingOptions): Promise<{ finished: boolean }> {
  const { record: { plan, settings }, prepared: { model, rows, held, batch, tokenBytes }, params, optimizer, state, history } = session;
  const perEpoch = Math.floor(rows.count / batch);
  const position = { epoch: Math.floor(state.step / perEpoch), index: state.step % perEpoch };
  const progress = progressOf({ steps: plan.steps });
  const look = (): Promise<void> => showSample(session, { signal, post });
  let pending: StepReport[] = [];
  let posted = 0;
  let looked = performance.now();
  let failures = 0;
  const save = async (): Promise<void> => {
    if (store === undefined) return;
    try {
      await saveStep(store, session);
      failures = 0;
      post({ type: 'saved', step: state.step });
    } catch (error) {
      // What was saved before stays whole, and training goes on.
      if (failures++ === 0) post({ type: 'notice', text: saveFailure(error) });
    }
  };
  if (state.step === 0) await look();

  const steps = train({ params, loss: causalLoss(model), batches: batches(rows, { batch, seed: settings.seed, position }), optimizer, state, steps: plan.steps, seed: settings.seed, compile: true });
  for await (const step of steps) {
    const done = step.index + 1;
    const last = done === plan.steps;
    history.seconds += step.seconds;
    const report = { step: done, loss: step.loss };
    if (Number.isFinite(step.loss)) remember(history.steps, report);
    if (step.skipped !== undefined) post({ type: 'notice', text: `Step ${done} was left out: ${step.skipped}.` });
    pending.push(report);
    const { tokensPerSecond, etaSeconds = 0, peakBytes } = progress(step);
    const tell = (): void => {
      if (pending.length > 0) post({ type: 'steps', steps: pending, tokensPerSecond, etaSeconds, memoryBytes: memory().usedBytes, peakBytes });
      pending = [];
      posted = performance.now();
    };
    if (last || performance.now() - posted >= POST_EVERY_MS) tell();
    if (done === 1 || last || done % plan.evalEvery === 0) {
      const found = await bitsPerByte(model, params, { batches: spread(held, { batch, most: last ? Infinity : HELD_ROWS }), tokenBytes });
      const measured = { step: done, loss: found.loss, bitsPerByte: found.bitsPerByte };
      history.held.push(measured);
      post({ type: 'held', held: measured });
    }
    const due = performance.now() - looked >= 1000 * settings.everySeconds;
    if (due || last) {
      await look();
      looked = performance.now();
    }
    if (due || last || signal.aborted) await save();
    await between();
    if (signal.aborted) {
      tell();
      break;
    }
  }
  return { finished: state.step >= plan.steps };
}

/** Shows what the model writes now. */
export async function showSample(session: Session, { signal, post }: Pick<TrainingOptions, 'signal' | 'post'>): Promise<void> {
  const { state: { step }, record: { samplePrompt: prompt } } = session;
  const text = await sample(session, { signal });
  if (!signal.aborted) post({ type: 'sample', step, prompt, text });
}

/** Adds a step to the curve; of a long run each point stands for several steps, or saving it would take longer than they do. */
function remember(steps: StepReport[], report: StepReport): void {
  steps.push(report);
  if (steps.length < 2 * MOST_POINTS) return;
  const pairs = Array.from({ length: MOST_POINTS }, (_, i) => ({ step: steps[2 * i + 1]!.step, loss: (steps[2 * i]!.loss + steps[2 * i + 1]!.loss) / 2 }));
  steps.splice(0, steps.length, ...pairs);
}

/** Held-out batches, about `most` rows spread over the whole. */
function* spread(rows: PackedRows, { batch, most }: { batch: number; most: number }): Generator<CausalBatch> {
  const every = Math.max(1, Math.ceil(rows.count / most));
  let i = 0;
  for (const each of batchesInOrder(rows, { batch })) if (i++ % every === 0) yield each;
}

function saveFailure(error: unknown): string {
  if (isQuota(error)) {
    return 'The browser\'s storage for this page is full, so this step was not saved. Training goes on; free some disk space, or download the model before you close the tab.';
  }
  return `This step was not saved (${error instanceof Error ? error.message : String(error)}). Training goes on; download the model before you close the tab.`;
}
