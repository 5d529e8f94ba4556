/** A thread that answers messages one after the other. */
export interface PoolThread {
  post(message: unknown): void;
  /** Whether the process waits for it; between batches it need not. Nothing in browsers, where a page waits for nobody. */
  keepAlive(alive: boolean): void;
  terminate(): Promise<void>;
}

interface NodeThreads {
  readonly workerData: unknown;
  readonly parentPort: { postMessage(message: unknown, transfer: readonly unknown[]): void; on(event: 'message', listener: (message: unknown) => void): void } | null;
  readonly Worker: new (url: URL, options: { workerData: unknown }) => {
    on(event: 'message' | 'messageerror' | 'error' | 'exit', listener: (value: unknown) => void): void;
    postMessage(message: unknown): void;
    ref(): void;
    unref(): void;
    terminate(): Promise<number>;
  };
}

/** What a thread of a pool is called, so that the module of the worker does nothing anywhere else. */
const NAME = 'llm-tokenizer-pool';

// In other words than those below, or bundlers would take the module for an image.
const HERE: string = import.meta.url;

/** Node's own modules, reached without an import so that bundlers for browsers never see them. */
function builtin<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.(name) as T | undefined;
}

/** How many threads can run at once here. */
export function parallelism(): number {
  return builtin<{ availableParallelism(): number }>('node:os')?.availableParallelism() ?? navigator.hardwareConcurrency ?? 1;
}

/** Starts a thread of `pool-worker`. `onEnd` is told once why it ended, or could not start, unless it was terminated. */
export function startThread({ onMessage, onEnd }: { onMessage: (message: unknown) => void; onEnd: (error: Error) => void }): PoolThread {
  let ended = false;
  const end = (error: unknown): void => {
    if (ended) return;
    ended = true;
    onEnd(error instanceof Error ? error : new Error(String(error)));
  };
  const node = builtin<NodeThreads>('node:worker_threads');
  if (node !== undefined) {
    const worker = new node.Worker(new URL('./pool-worker.js', HERE), { workerData: NAME });
    // An answer may be on its way yet when the thread is told to end. Nobody may let go of it then: whoever waits for the end would be left by
    // a process that ends before.
    worker.on('message', (message) => { if (!ended) onMessage(message); });
    worker.on('messageerror', end);
    worker.on('error', end);
    worker.on('exit', (code) => end(new Error(`a thread ended with code ${String(code)}`)));
    return {
      post: (message) => worker.postMessage(message),
      keepAlive: (alive) => (alive ? worker.ref() : worker.unref()),
      async terminate() {
        ended = true;
        await worker.terminate();
      },
    };
  }
  // Written out, since bundlers look for these words to find the module of the worker.
  const worker = new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module', name: NAME });
  worker.onmessage = ({ data }) => { if (!ended) onMessage(data); };
  worker.onmessageerror = () => end(new Error('a message could not be read'));
  worker.onerror = (event) => end(new Error(event.message || 'its module could not be loaded'));
  return {
    post: (message) => worker.postMessage(message),
    keepAlive: () => {},
    async terminate() {
      ended = true;
      worker.terminate();
    },
  };
}

/** In a thread of a pool, calls `answer` with each message and posts what it returns; elsewhere does nothing. */
export function answerMessages(answer: (message: unknown) => { readonly message: unknown; readonly transfer: readonly ArrayBufferLike[] }): void {
  const node = builtin<NodeThreads>('node:worker_threads');
  if (node?.parentPort && node.workerData === NAME) {
    const { parentPort } = node;
    parentPort.on('message', (given) => {
      const { message, transfer } = answer(given);
      parentPort.postMessage(message, transfer);
    });
  } else if (node === undefined && (globalThis as { name?: unknown }).name === NAME && typeof document === 'undefined') {
    addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const { message, transfer } = answer(data);
      postMessage(message, { transfer: [...transfer] as Transferable[] });
    });
  }
}
