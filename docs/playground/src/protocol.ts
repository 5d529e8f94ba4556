import type { DeviceChoice, Settings } from './settings.ts';

/** A text as the visitor gave it. */
export interface SourceText {
  readonly name: string;
  readonly text: string;
}

/** What the page asks of the worker. */
export type Request =
  /** Take a device and look for a saved run; comes first. */
  | { readonly type: 'open'; readonly device: DeviceChoice }
  | { readonly type: 'train'; readonly texts: readonly SourceText[]; readonly settings: Settings }
  /** Go on with the run in memory, or else with the saved one. */
  | { readonly type: 'resume' }
  /** Open the saved run for writing alone. */
  | { readonly type: 'load' }
  | { readonly type: 'stop' }
  | { readonly type: 'write'; readonly prompt: string; readonly maxTokens: number; readonly temperature: number; readonly seed: number }
  | { readonly type: 'stopWriting' }
  | { readonly type: 'download' }
  | { readonly type: 'discard' };

/** A run that an earlier visit left in the browser's storage. */
export interface SavedRun {
  readonly savedAt: number;
  readonly step: number;
  readonly steps: number;
  readonly characters: number;
  /** What it was started on: elsewhere its last digits would differ. */
  readonly device: DeviceChoice;
}

/** What a run is about, once it is decided. */
export interface RunFacts {
  readonly characters: number;
  readonly documents: number;
  readonly duplicates: number;
  readonly heldOut: number;
  readonly tokens: number;
  readonly vocabSize: number;
  readonly parameters: number;
  readonly steps: number;
  readonly epochs: number;
  /** What decided the number of steps. */
  readonly limitedBy: 'settings' | 'time' | 'text';
}

export interface StepReport {
  /** Steps done. */
  readonly step: number;
  readonly loss: number;
}

export interface Held {
  readonly step: number;
  readonly loss: number;
  readonly bitsPerByte: number;
}

/** A loss curve: the steps, and now and then the loss on text that is not trained on. */
export interface Curve {
  readonly steps: readonly StepReport[];
  readonly held: readonly Held[];
}

export interface Alternative {
  readonly text: string;
  /** Natural logarithm of the probability, by the model alone: before temperature and sampling. */
  readonly logprob: number;
}

/** One token that the model wrote. */
export interface WrittenToken {
  readonly id: number;
  /** Empty while a character still lacks bytes. */
  readonly text: string;
  /** The token by itself. */
  readonly own: string;
  readonly logprob: number;
  /** The likeliest five, whichever was taken. */
  readonly top: readonly Alternative[];
}

/** Something that went wrong, in words for the visitor: what happened and what to do. */
export interface Problem {
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
}

/** What the worker tells the page. */
export type Report =
  | { readonly type: 'opened'; readonly saved: SavedRun | null; readonly storage: string | null }
  | { readonly type: 'device'; readonly name: string; readonly description: string; readonly notes: readonly string[] }
  | { readonly type: 'stage'; readonly text: string; readonly share: number | null }
  | { readonly type: 'run'; readonly facts: RunFacts; readonly step: number; readonly curve: Curve }
  | {
    readonly type: 'steps'; readonly steps: readonly StepReport[]; readonly tokensPerSecond: number; readonly etaSeconds: number;
    readonly memoryBytes: number; readonly peakBytes: number;
  }
  | { readonly type: 'held'; readonly held: Held }
  | { readonly type: 'sample'; readonly step: number; readonly prompt: string; readonly text: string }
  | { readonly type: 'saved'; readonly step: number }
  /** Training goes on, but the visitor should know. */
  | { readonly type: 'notice'; readonly text: string }
  /** No training is under way any more; there is a model to write with. */
  | { readonly type: 'ready'; readonly finished: boolean; readonly step: number; readonly steps: number; readonly seconds: number }
  | { readonly type: 'token'; readonly token: WrittenToken }
  | { readonly type: 'written'; readonly reason: 'eos' | 'length' | 'context' | 'stopped'; readonly dropped: number }
  | { readonly type: 'folder'; readonly zip: Uint8Array<ArrayBuffer> }
  | { readonly type: 'discarded' }
  /** `during` says what ended because of it. */
  | { readonly type: 'problem'; readonly problem: Problem; readonly during: Request['type'] };
