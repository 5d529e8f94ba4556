/** A thread that has compiled the kernels and waits for work. */
export interface PoolWorker {
  terminate(): Promise<void>;
}

interface NodeWorkers {
  readonly Worker: new (source: string, options: { eval: true; workerData: unknown }) => {
    once(event: string, listener: (value: unknown) => void): void;
    unref(): void;
    terminate(): Promise<number>;
  };
}

/** Node's own worker module, reached without an import so that bundlers for browsers never see it. */
function nodeWorkers(): NodeWorkers | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.('node:worker_threads') as NodeWorkers | undefined;
}

/**
 * Starts a thread that runs `loop` (source text that defines `run(data, ready)`) and resolves once it is ready.
 * Rejects with the thread's own error where it cannot start, for example under a Content-Security-Policy without blob workers.
 * `onEnd` is told why a thread that was ready ended, unless it was terminated.
 */
export function spawnWorker(loop: string, data: object, { onEnd }: { onEnd: (error: Error) => void }): Promise<PoolWorker> {
  const node = nodeWorkers();
  if (node !== undefined) {
    return new Promise((resolve, reject) => {
      const source = `${loop}\nconst { parentPort, workerData } = require('node:worker_threads');\n`
        + 'run(workerData, () => parentPort.postMessage(1));';
      const worker = new node.Worker(source, { eval: true, workerData: data });
      let ended = reject;
      worker.once('error', (error) => ended(error as Error));
      worker.once('exit', (code) => ended(new Error(`a thread ended with code ${String(code)}`)));
      worker.once('message', () => {
        ended = onEnd;
        worker.unref();
        resolve({ terminate: async () => { ended = () => {}; await worker.terminate(); } });
      });
    });
  }
  return new Promise((resolve, reject) => {
    const source = `${loop}\nonmessage = ({ data }) => run(data, () => postMessage(1));`;
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const worker = new Worker(url);
    let ended = reject;
    worker.onerror = (event) => ended(new Error(`spawnWorker: expected a thread that runs but found ${event.message ?? 'that it may not start here'}`));
    worker.onmessage = () => {
      ended = onEnd;
      URL.revokeObjectURL(url);
      resolve({ terminate: async () => worker.terminate() });
    };
    worker.postMessage(data);
  });
}
