import type { MetricsLine } from '../run/metrics-log.ts';
import type { BoardEvent } from '../tensorboard/event.ts';

/** A line of metrics.jsonl as TensorBoard shows it. */
export function boardEvent(line: MetricsLine): BoardEvent {
  const scalars: Record<string, number | null | undefined> = {
    'train/loss': line.loss, 'train/lr': line.lr, 'train/grad_norm': line.grad_norm, 'train/tokens_per_second': line.tokens_per_second,
    'val/loss': line.val_loss, 'val/bits_per_byte': line.val_bits_per_byte, ...line.figures,
  };
  return {
    wallTime: line.time,
    step: line.step,
    scalars: Object.fromEntries(Object.entries(scalars).filter((entry): entry is [string, number] => typeof entry[1] === 'number')),
    ...(line.samples === undefined ? {} : { texts: Object.fromEntries(line.samples.map(({ prompt, text }, i) => [`sample/${i + 1}`, `    ${(prompt + text).replaceAll('\n', '\n    ')}`])) }),
  };
}
