import { flatten, type Tree } from '@llm/tensor';
import { trainable } from './adapter.ts';
import { selectModules, type TargetOptions } from './targets/select.ts';

/** What training an adapter takes, in numbers and bytes. */
export interface AdapterReport {
  /** Numbers that are trained, and all numbers of the model with them; a matrix in few bits counts its words. */
  readonly trained: number;
  readonly total: number;
  /** trained / total. */
  readonly share: number;
  /** Bytes of the frozen model, and of the adapter. */
  readonly baseBytes: number;
  readonly adapterBytes: number;
  /** Bytes of the gradients, and of what the optimizer keeps. */
  readonly gradientBytes: number;
  readonly optimizerBytes: number;
}

/**
 * What training the adapters of a tree takes. `optimizerNumbers` are those that the optimizer keeps for each trained one: 2 for
 * AdamW (default), 1 for momentum.
 *
 * @example
 * ```ts
 * import { adapterReport, lora } from '@llm/lora';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const { trained, share } = adapterReport(lora({ proj: { weight: ones([100, 100]) } }, { targets: ['proj'], rank: 4 }));
 * if (trained !== 800 || share !== 800 / 10_800) throw new Error('4 · (100 + 100)');
 * ```
 */
export function adapterReport(params: Tree, { optimizerNumbers = 2 }: { optimizerNumbers?: number } = {}): AdapterReport {
  const wanted = trainable(params);
  const seen = new Set<unknown>();
  let [trained, frozen] = [0, 0];
  for (const [path, tensor] of Object.entries(flatten(params))) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    if (wanted(path)) trained += tensor.size;
    else frozen += tensor.size;
  }
  const total = trained + frozen;
  return {
    trained, total, share: total === 0 ? 0 : trained / total, baseBytes: 4 * frozen, adapterBytes: 4 * trained, gradientBytes: 4 * trained, optimizerBytes: 4 * optimizerNumbers * trained,
  };
}

/** How much there is to learn: a style or a format; a domain, or following instructions; new knowledge, reasoning, or code. */
export type Complexity = 'simple' | 'medium' | 'complex';

const BANDS: Readonly<Record<Complexity, readonly [number, number]>> = { simple: [4, 8], medium: [8, 16], complex: [16, 32] };

export interface RankAdvice {
  readonly rank: number;
  /** Twice the rank, as is usual. */
  readonly alpha: number;
  /** The ranks that suit the task. */
  readonly band: readonly [number, number];
  /** Numbers that this rank trains, and what they take with gradients and optimizer, in bytes. */
  readonly trained: number;
  readonly bytes: number;
  /** What is to be known of the choice, in one sentence; empty where there is nothing. */
  readonly note: string;
}

/**
 * A rank for a task within a budget: the largest of the band 4–8 (simple), 8–16 (medium) or 16–32 (complex) whose numbers,
 * gradients and optimizer fit, halving below the band where none does.
 *
 * @throws LoraError E_TARGETS where no module matches.
 *
 * @example
 * ```ts
 * import { adviseRank } from '@llm/lora';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const { rank, alpha } = adviseRank({ proj: { weight: ones([64, 64]) } }, { targets: ['proj'], complexity: 'medium' });
 * if (rank !== 16 || alpha !== 32) throw new Error('the top of the band');
 * ```
 */
export function adviseRank(
  params: Tree, { complexity = 'medium', budgetBytes = Infinity, optimizerNumbers = 2, ...targets }: TargetOptions & { complexity?: Complexity; budgetBytes?: number; optimizerNumbers?: number },
): RankAdvice {
  const sides = selectModules('adviseRank', params, targets);
  const perRank = sides.reduce((sum, { inputs, outputs }) => sum + inputs + outputs, 0);
  const band = BANDS[complexity];
  const bytesOf = (rank: number): number => 4 * (2 + optimizerNumbers) * perRank * rank;
  let [, rank] = band;
  while (rank > 1 && bytesOf(rank) > budgetBytes) rank = Math.floor(rank / 2);
  const smallest = Math.min(...sides.map(({ inputs, outputs }) => Math.min(inputs, outputs)));
  const notes = [
    ...(bytesOf(rank) > budgetBytes ? [`Even rank 1 takes ${bytesOf(1)} bytes of the ${budgetBytes} allowed: name fewer targets.`] : []),
    ...(rank < band[0] ? [`The budget leaves less than the ${band[0]} that the task suggests: name fewer targets.`] : []),
    ...(rank > smallest ? [`The smallest matrix has rank ${smallest}: a larger one adds nothing there.`] : []),
  ];
  return { rank, alpha: 2 * rank, band, trained: perRank * rank, bytes: bytesOf(rank), note: notes[0] ?? '' };
}
