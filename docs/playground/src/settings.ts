export type DeviceChoice = 'auto' | 'webgpu' | 'wasm';

/** Everything that decides a run, beside its text. */
export interface Settings {
  readonly device: DeviceChoice;
  /** Ids of the tokenizer; null: as suits the text. */
  readonly vocabSize: number | null;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Tokens that the model sees at once in training, and rows of as many in a step. */
  readonly length: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Optimizer steps; null: as many as `minutes` allow and the text is worth. */
  readonly steps: number | null;
  readonly minutes: number;
  /** Seconds between two saves, each with a sample. */
  readonly everySeconds: number;
  readonly seed: number;
}

type Size = Pick<Settings, 'width' | 'layers' | 'heads' | 'length' | 'batch' | 'learningRate'>;

/** Shapes by name. Small is what two processor cores train in a minute. */
export const SIZES: Readonly<Record<'small' | 'medium' | 'large', Size>> = {
  small: { width: 128, layers: 2, heads: 4, length: 256, batch: 2, learningRate: 2e-3 },
  medium: { width: 192, layers: 4, heads: 6, length: 256, batch: 4, learningRate: 2e-3 },
  large: { width: 384, layers: 6, heads: 6, length: 256, batch: 8, learningRate: 1.5e-3 },
};

export const DEFAULTS: Settings = { device: 'auto', vocabSize: null, ...SIZES.small, steps: null, minutes: 2, everySeconds: 10, seed: 0 };

/** A number that the visitor may set. */
export interface Field {
  readonly name: Exclude<keyof Settings, 'device'>;
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  readonly step: number | 'any';
  /** May be left empty. */
  readonly optional?: true;
}

export const FIELDS: readonly Field[] = [
  { name: 'vocabSize', label: 'Vocabulary', hint: 'Tokens; empty: as suits the text', min: 260, max: 32_768, step: 1, optional: true },
  { name: 'width', label: 'Width', hint: 'Numbers per token', min: 16, max: 1024, step: 1 },
  { name: 'layers', label: 'Layers', hint: 'Transformer blocks', min: 1, max: 24, step: 1 },
  { name: 'heads', label: 'Heads', hint: 'Of attention; divide the width', min: 1, max: 32, step: 1 },
  { name: 'length', label: 'Context', hint: 'Tokens seen at once', min: 16, max: 1024, step: 1 },
  { name: 'batch', label: 'Batch', hint: 'Rows in each step', min: 1, max: 256, step: 1 },
  { name: 'learningRate', label: 'Learning rate', hint: 'Peak; falls to 5 % of it', min: 1e-6, max: 1, step: 'any' },
  { name: 'steps', label: 'Steps', hint: 'Empty: as the time allows', min: 1, max: 1_000_000, step: 1, optional: true },
  { name: 'everySeconds', label: 'Save every', hint: 'Seconds; each with a sample', min: 1, max: 600, step: 1 },
  { name: 'seed', label: 'Seed', hint: 'Same seed, same model', min: 0, max: 2 ** 31 - 1, step: 1 },
];

/** What is wrong with settings, in a sentence that says what to do, or undefined. */
export function settingsProblem(settings: Settings): string | undefined {
  for (const { name, label, min, max, step, optional } of FIELDS) {
    const value = settings[name];
    if (value === null && optional) continue;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max || (step === 1 && !Number.isInteger(value))) {
      return `${label} must be a ${step === 1 ? 'whole ' : ''}number from ${min} to ${max}. Change it in the advanced settings.`;
    }
  }
  const { width, heads } = settings;
  if (width % heads !== 0 || (width / heads) % 2 !== 0) {
    return `Width (${width}) divided by heads (${heads}) must be an even whole number. Change one of them in the advanced settings.`;
  }
  return undefined;
}
