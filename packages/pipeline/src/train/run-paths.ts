import { join } from 'node:path';

/** The files of a run's folder. */
export interface RunPaths {
  readonly folder: string;
  readonly tokens: string;
  readonly dataReport: string;
  readonly decisions: string;
  readonly tokenizer: string;
  readonly metrics: string;
  readonly tensorboard: string;
  readonly report: string;
  readonly badBatch: string;
}

/** Where a run keeps what. */
export function runPaths(folder: string): RunPaths {
  return {
    folder,
    tokens: join(folder, 'data', 'tokens.safetensors'),
    dataReport: join(folder, 'data', 'report.json'),
    decisions: join(folder, 'data', 'decisions.jsonl'),
    tokenizer: join(folder, 'tokenizer.json'),
    metrics: join(folder, 'metrics.jsonl'),
    tensorboard: join(folder, 'tensorboard'),
    report: join(folder, 'report.html'),
    badBatch: join(folder, 'bad-batch.json'),
  };
}
