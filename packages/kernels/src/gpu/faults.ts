import { briefly, GpuError } from './gpu-error.ts';

/** What has gone wrong on a device: WebGPU says so later and elsewhere, so it is kept until somebody can throw it. */
export interface Faults {
  /** Remembers an error, unless there is an earlier one. */
  fail(error: GpuError): void;
  /** Throws what has gone wrong. */
  check(): void;
  /** Waits until the device has said whether what was asked of it so far was well. */
  settle(): Promise<void>;
  /** Runs `act`, and hands an error of that kind that it leads to over to `explain`. */
  within<T>(filter: GPUErrorFilter, act: () => T, explain: (error: GPUError) => GpuError | Promise<GpuError>): T;
  /** Resolves when the device is lost, unless `closing` came first. */
  readonly lost: Promise<GpuError>;
  /** From now on a loss is meant. */
  closing(): void;
}

/** Listens to a device. */
export function listen(device: GPUDevice): Faults {
  const pending = new Set<Promise<void>>();
  let fault: GpuError | undefined;
  let closed = false;
  const fail = (error: GpuError): void => { fault ??= error; };
  const lost = device.lost.then(({ message, reason }) => {
    if (closed) return new Promise<GpuError>(() => {});
    const error = new GpuError('E_GPU_LOST', `expected the graphics card to stay but it was lost (${reason}): ${briefly(message)}. Go on from the last checkpoint, or use the device wasm.`);
    // It matters more than what it leads to.
    fault = error;
    return error;
  });
  const settle = async (): Promise<void> => {
    while (pending.size > 0) await Promise.all(pending);
  };
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    // What has a name says more: a program that did not compile, or memory that was not to be had.
    void settle().then(() => fail(new GpuError('E_GPU_VALIDATION', `expected commands that the graphics card accepts but found: ${briefly(event.error.message)}. Report it with the output of \`llm doctor\`.`)));
  });
  return {
    fail, settle, lost,
    check() {
      if (fault !== undefined) throw fault;
    },
    within(filter, act, explain) {
      device.pushErrorScope(filter);
      const result = act();
      const told = device.popErrorScope().then(async (error) => { if (error !== null) fail(await explain(error)); }, () => {});
      pending.add(told);
      void told.then(() => pending.delete(told));
      return result;
    },
    closing() {
      closed = true;
    },
  };
}
