import { memory, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { stopwatch } from './statistics.mjs';

/** Rounds that are not counted: V8 compiles the kernels a second time, in the background, while they first run. */
const WARM_UP = 3;

/** Seconds of a run of `fn`, or CPU seconds of all threads: on a machine that others use too, those of a run on one thread are steadier. */
export async function timed(fn, { cpu }) {
  const lap = stopwatch(cpu);
  await fn();
  return lap();
}

/** Lets the contestants take turns, `rounds` times after some that do not count, and gives the least seconds of each. */
export async function turns(contestants, { rounds, cpu, warmUp = WARM_UP }) {
  const found = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, run] of Object.entries(contestants)) {
      let given;
      const seconds = await timed(async () => { given = await run(); }, { cpu });
      if (round >= 0) found[name].push(given?.seconds ?? seconds);
    }
  }
  return Object.fromEntries(Object.entries(found).map(([name, all]) => [name, { seconds: Math.min(...all), all }]));
}

/** A run of `train` that goes around some batches and does a step whenever `step` is called. */
export function stepper({ batches, ...options }) {
  function* around() {
    for (;;) yield* batches;
  }
  const run = train({ optimizer: adamw({ lr: 1e-6 }), batches: around(), ...options });
  return {
    step: async () => {
      const { value } = await run.next();
      if (!Number.isFinite(value.loss) || value.skipped !== undefined) throw new Error(`align: expected a step but found ${value.skipped ?? `a loss of ${value.loss}`}`);
      return { loss: value.loss };
    },
    close: () => run.return(),
  };
}

let opened = 0;

/** Opens the device anew, without what earlier benchmarks left: given the same options again it would stay as it is. */
export async function freshDevice(threads) {
  await useDevice('wasm', { threads, maxBytes: 2 ** 32 - 65_536 * ++opened });
}

/** The most bytes in use during two steps, on a device that has just been opened. */
export async function peakBytes(options) {
  const { step, close } = stepper(options);
  await step();
  await step();
  await close();
  return memory().peakBytes;
}

export const ms = (seconds) => `${(seconds * 1000).toFixed(0)} ms`;
export const times = (ratio) => `${ratio.toFixed(2)}×`;
