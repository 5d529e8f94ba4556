import { deviceInUse, GpuError, overwrite, type Tensor, useDevice } from '@llm/tensor';
import type { LossScaleState } from '../loss-scale.ts';
import type { TrainingState } from '../training-state.ts';

/** The host's copy of everything that training changes. */
interface Snapshot {
  readonly values: readonly (Float32Array | Int32Array)[];
  readonly guard: { readonly losses: readonly number[]; readonly norms: readonly number[]; readonly bad: number };
  readonly lossScale: Readonly<LossScaleState> | undefined;
}

/** How often a lost card is opened again before a step is given up. */
const MOST_LOSSES = 2;

/**
 * Makes rounds of steps survive the loss of a graphics card: the card is opened again, parameters and state are restored from the
 * last copy on the host, and the rounds since then are run again, which leads to the same numbers. On other devices rounds just run.
 *
 * @throws GpuError E_GPU_LOST when the card is lost a third time in one round.
 */
export function recovering<Q, O>(run: (round: Q) => Promise<O>, { tensors, state: { guard, lossScale }, everyRounds }: {
  readonly tensors: readonly Tensor[];
  readonly state: Pick<TrainingState, 'guard' | 'lossScale'>;
  readonly everyRounds: number;
}): (round: Q) => Promise<O> {
  let snapshot: Snapshot | undefined;
  let since: Q[] = [];
  const take = async (): Promise<Snapshot> => ({
    values: await Promise.all(tensors.map(async (tensor) => (await tensor.data()).slice() as Float32Array)),
    guard: { losses: [...guard.losses], norms: [...guard.norms], bad: guard.bad },
    lossScale: lossScale === undefined ? undefined : { ...lossScale },
  });
  const restore = async ({ values, guard: before, lossScale: factor }: Snapshot): Promise<void> => {
    await useDevice('webgpu');
    tensors.forEach((tensor, i) => overwrite(tensor, values[i]!));
    guard.losses.splice(0, Infinity, ...before.losses);
    guard.norms.splice(0, Infinity, ...before.norms);
    guard.bad = before.bad;
    if (lossScale !== undefined) Object.assign(lossScale, factor);
    for (const round of since) await run(round);
  };
  return async (round) => {
    if (deviceInUse() !== 'webgpu') return run(round);
    let lost: unknown;
    for (let losses = 0; losses <= MOST_LOSSES; losses++) {
      try {
        if (lost !== undefined) await restore(snapshot!);
        else if (snapshot === undefined || since.length >= everyRounds) {
          snapshot = await take();
          since = [];
        }
        const outcome = await run(round);
        since.push(round);
        return outcome;
      } catch (error) {
        if (!(error instanceof GpuError && error.code === 'E_GPU_LOST') || snapshot === undefined) throw error;
        lost = error;
      }
    }
    throw new GpuError('E_GPU_LOST', `train: expected the graphics card to stay for one step but it was lost ${MOST_LOSSES + 1} times in a row. Go on from the last checkpoint with a smaller batch, or on the device wasm.`, { cause: lost });
  };
}
