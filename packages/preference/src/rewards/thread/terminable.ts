/** What a thread hears and says. */
export interface Port {
  receive(listener: (message: unknown) => void): void;
  send(message: unknown): void;
}

/** What came of a question: an answer, or why there is none. */
export type Outcome<Reply> = { readonly reply: Reply } | { readonly ended: string };

/** A thread that may be ended in the middle of what it does; the next question starts another. */
export interface Terminable<Job, Reply> {
  /** One question at a time; others wait. The limit counts from when the thread works on it. */
  ask(job: Job, options: { readonly timeoutMs: number }): Promise<Outcome<Reply>>;
  close(): Promise<void>;
}

interface Thread {
  post(message: unknown): void;
  terminate(): Promise<void>;
}
type Listen = { readonly message: (message: unknown) => void; readonly end: (why: string) => void };

interface NodeWorker {
  on(event: string, listener: (value: unknown) => void): void;
  postMessage(message: unknown): void;
  unref(): void;
  terminate(): Promise<number>;
}

export interface TerminableOptions {
  /** The package that the thread loads, and its address, as `import.meta.resolve` of the file that needs it gives it. */
  readonly module: string;
  readonly address: () => string;
  /** What the thread does with it, answering every message with one; a thread whose answer says `spent: true` is not used again.
   * It runs by its text alone in Node, so it must name nothing outside of itself. */
  readonly serve: (module: never, port: Port) => unknown;
  /** Starts the same in a page. */
  readonly page: () => Worker;
  /** How long a thread may take to start; default 20 seconds. */
  readonly startMs?: number;
}

/** A thread with a library of its own, which is started when it is first asked and ended where it takes too long. */
export function terminable<Job, Reply>(options: TerminableOptions): Terminable<Job, Reply> {
  const { startMs = 20_000 } = options;
  let thread: Promise<Thread> | undefined;
  let listen: Listen | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const start = (): Promise<Thread> => new Promise((resolve, reject) => {
    const made: Thread = spawn(options, {
      message: (message) => {
        if ((message as { ready?: true } | undefined)?.ready === true) {
          clearTimeout(timer);
          resolve(made);
        } else listen?.message(message);
      },
      end: (why) => {
        clearTimeout(timer);
        thread = undefined;
        reject(new Error(why));
        listen?.end(why);
      },
    });
    const timer = setTimeout(() => {
      void made.terminate();
      reject(new Error(`terminable: expected a thread with ${options.module} within ${startMs} ms but found none. Install ${options.module}, or see whether threads may start here.`));
    }, startMs);
  });

  const askNow = async (job: Job, timeoutMs: number): Promise<Outcome<Reply>> => {
    if (closed) throw new Error('terminable: expected an open thread but found a closed one. Make another.');
    thread ??= start();
    let running: Thread;
    try {
      running = await thread;
    } catch (error) {
      thread = undefined;
      throw error;
    }
    return new Promise<Outcome<Reply>>((resolve) => {
      const finish = (outcome: Outcome<Reply>): void => {
        clearTimeout(timer);
        listen = undefined;
        resolve(outcome);
      };
      const timer = setTimeout(() => {
        thread = undefined;
        finish({ ended: `took longer than ${timeoutMs} ms` });
        void running.terminate();
      }, timeoutMs);
      listen = {
        message: (reply) => {
          if ((reply as { spent?: true } | undefined)?.spent) {
            thread = undefined;
            void running.terminate();
          }
          finish({ reply: reply as Reply });
        },
        end: (why) => finish({ ended: why }),
      };
      running.post(job);
    });
  };

  return {
    ask: (job, { timeoutMs }) => {
      const asked = last.then(() => askNow(job, timeoutMs));
      last = asked.catch(() => {});
      return asked;
    },
    async close() {
      closed = true;
      const running = await thread?.catch(() => undefined);
      thread = undefined;
      await running?.terminate();
    },
  };
}

function spawn({ address, serve, page }: TerminableOptions, { message, end }: Listen): Thread {
  // Node's own module, reached without an import so that bundlers for pages never see it.
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const threads = process?.getBuiltinModule?.('node:worker_threads') as { Worker: new (source: string, options: object) => NodeWorker } | undefined;
  let alive = true;
  if (threads === undefined) {
    const worker = page();
    worker.onmessage = ({ data }) => message(data);
    worker.onerror = (event) => { if (alive) end(`the thread ended: ${event.message ?? 'it could not start'}`); };
    return { post: (job) => worker.postMessage(job), terminate: async () => { alive = false; worker.terminate(); } };
  }
  const source = `const __name = (fn) => fn;
    const { parentPort, workerData } = require('node:worker_threads');
    const port = { receive: (listener) => parentPort.on('message', listener), send: (message) => parentPort.postMessage(message) };
    import(workerData.address).then((loaded) => (${serve.toString()})(loaded, port)).then(() => port.send({ ready: true }));`;
  // It sees neither the environment nor the output of this process.
  const worker = new threads.Worker(source, { eval: true, workerData: { address: address() }, env: {}, execArgv: [], stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: 512 } });
  // Whoever waits for it has set a timer, which keeps the process alive.
  worker.unref();
  worker.on('message', message);
  worker.on('error', (error) => {
    if (alive) end(`the thread ended: ${(error as Error).message}`);
    alive = false;
  });
  worker.on('exit', (code) => {
    if (alive) end(`the thread ended with code ${String(code)}`);
    alive = false;
  });
  return {
    post: (job) => worker.postMessage(job),
    terminate: async () => { alive = false; await worker.terminate(); },
  };
}
