import { createGpuDevice, launchGpu } from '@llm/kernels';
import { engine } from '@tensorflow/tfjs-core';

/** Opens a device of its own, so that its counts of memory begin at nothing. */
export async function openCard() {
  const gpu = await createGpuDevice();
  return { gpu, settle: settler(gpu), close: () => gpu.close() };
}

/** The device below the tensors, once `useDevice('webgpu')` has opened it. */
export function tensorCard() {
  const { gpu } = engine().backend;
  return { gpu, settle: settler(gpu) };
}

/** Waits until the card has done everything so far, and throws what has gone wrong on it. */
function settler(gpu) {
  const word = gpu.alloc(4);
  gpu.write(word, new Float32Array(1));
  return () => gpu.read(word);
}

/**
 * An arm that runs something on the card again and again. A sample runs it so often that waiting for the end hardly counts, and
 * the same twice as often must take twice as long.
 */
export function gpuArm(name, { settle, run, prepare, finish }, { warmSeconds, sampleSeconds }) {
  let count = 1;
  const timed = async (times) => {
    const started = performance.now();
    for (let i = 0; i < times; i++) run();
    await settle();
    return (performance.now() - started) / 1000 / times;
  };
  return {
    name,
    async prepare() {
      run();
      await settle();
      const facts = await prepare?.();
      const started = performance.now();
      let seconds;
      do {
        seconds = await timed(count);
        if (seconds * count < sampleSeconds) count = Math.max(count + 1, Math.ceil(sampleSeconds / seconds));
      } while (performance.now() - started < warmSeconds * 1000);
      const [once, twice] = [await timed(count), await timed(2 * count)];
      const linear = twice / once;
      return { ...facts, count, linear, ...(sampleSeconds > 0 && Math.abs(linear - 1) > 0.1 ? { check: `${facts?.check ?? ''} not linear: twice the work takes ${(2 * linear).toFixed(2)} times as long` } : {}) };
    },
    sample: () => timed(count),
    finish,
  };
}

/** Random numbers in [−1, 1) as quickly as they can be stored. */
export function randomValues(count, seed = 1) {
  const values = new Float32Array(count);
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  for (let i = 0; i < count; i++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
    values[i] = (state >> 8) / 2 ** 23;
  }
  return values;
}

/** Memory on the card with these values. */
export function place(gpu, values) {
  const memory = gpu.alloc(values.byteLength);
  gpu.write(memory, values);
  return memory;
}

/** Some of the numbers in memory, `count` from number `from` on. */
export async function readPart(gpu, memory, { from, count }) {
  const part = gpu.alloc(count * 4);
  gpu.copy(memory, part, { from: from * 4, bytes: count * 4 });
  const values = new Float32Array(await gpu.read(part));
  gpu.free(part);
  return values;
}

/** Puts NaN into a part of memory, so that what a kernel leaves out is seen. */
export function poisonPart(gpu, memory, { from, count }) {
  const part = place(gpu, new Float32Array(count).fill(NaN));
  gpu.copy(part, memory, { to: from * 4, bytes: count * 4 });
  gpu.free(part);
}

/** ‖found − wanted‖ / ‖wanted‖; NaN where something found is. */
export function relativeError(found, wanted) {
  let [difference, size] = [0, 0];
  for (const [i, value] of found.entries()) {
    difference += (value - wanted[i]) ** 2;
    size += wanted[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

/** The error in words; too large a one is a failure, and so is NaN. */
export function checked(error, most) {
  if (!(error <= most)) throw new Error(`expected a relative error of at most ${most} but found ${error}: its speed says nothing`);
  return `error ${error.toExponential(0)}`;
}

export const launchOn = (gpu, kernel, call) => () => launchGpu(gpu, kernel, call);

/** What the card is and offers. */
export function cardFacts({ adapter, device, features, limits }) {
  const { vendor, architecture, device: model, description, subgroupMinSize, subgroupMaxSize } = adapter.adapter.info;
  const shown = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup'];
  return {
    adapter: { vendor, architecture, device: model, description, software: adapter.software, subgroupMinSize, subgroupMaxSize },
    features: [...device.features].sort(), used: features, limits: Object.fromEntries(shown.map((name) => [name, limits[name]])),
  };
}
