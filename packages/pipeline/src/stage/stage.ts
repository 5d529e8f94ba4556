import type { Counted, LossContext, Optimizer } from '@llm/train';
import type { Tensor, Tree } from '@llm/tensor';
import type { Io } from '../cli/io.ts';
import type { PickedDevice } from '../device/pick-device.ts';
import type { Html } from '../report/html.ts';
import type { Sample } from '../train/run-samples.ts';
import type { Figures } from './stage-record.ts';

/** What a stage may use while it gets ready. */
export interface StageContext {
  readonly io: Io;
  readonly folder: string;
  readonly device: PickedDevice;
  readonly say: (text: string) => void;
}

/** A stage that is ready to train: its whole life but the loop. */
export interface Stage<B extends Counted = Counted> {
  /** What decides the result beside the options: hashes of the model and of the data. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly params: Tree;
  readonly loss: (params: Tree, batch: B, context: LossContext) => Tensor;
  /** From micro-batch `drawn` on. */
  readonly batches: (drawn: number) => AsyncIterable<B> | Iterable<B>;
  readonly optimizer: Optimizer;
  /** Which paths are trained; default all. */
  readonly trainable?: (path: string) => boolean;
  readonly steps: number;
  readonly accumulate: number;
  readonly clipNorm: number;
  readonly seed: number;
  /** Steps that belong together, such as several over what was sampled once: a run stops and saves between them only. Default 1. */
  readonly round?: number;
  readonly evalEvery: number;
  readonly saveEvery: number;
  /** On held-out items. */
  readonly evaluate: () => Promise<Figures>;
  /** What the last step measured beside the loss. */
  readonly stepFigures?: () => Promise<Figures>;
  /** What the model says now, for people. */
  readonly samples?: () => Promise<readonly Sample[]>;
  /** Whether to stop now, and why, given what was measured on held-out items. */
  readonly stop?: (figures: Figures, step: number) => string | undefined;
  /** Writes the result into the folder; returns what to tell of it. */
  readonly save: () => Promise<string>;
  /** Sections of its own in the report. */
  readonly sections?: readonly { readonly title: string; readonly body: Html }[];
  readonly dispose: () => void;
}
