import { terminable } from '../thread/terminable.ts';
import { type CodeJob, type CodeReply, serveCode } from './serve-code.ts';

export interface CodeSandboxOptions {
  /** How long a program may run, all of its calls together; it is ended by force where it does not end by itself. Default 1000. */
  readonly timeoutMs?: number;
  /** Default 64 MiB. */
  readonly memoryBytes?: number;
  /** Default 256 KiB. */
  readonly stackBytes?: number;
  /** A result that is longer, as JSON, does not count; default 100,000. */
  readonly resultBytes?: number;
  /** Starts the thread in a page, where a bundler does not find it by itself: a module worker of the file `code-worker.js` beside this one. */
  readonly startWorker?: () => Worker;
}

/** One call of a program and what it should give, in values that JSON can say. */
export interface CodeCase {
  readonly args: readonly unknown[];
  readonly expected: unknown;
}

/** How a program did. */
export interface CodeVerdict {
  /** The share of the cases that are right; 0 where the program did not run to its end. */
  readonly score: number;
  readonly passed: number;
  /** What went wrong first. */
  readonly reason?: string;
}

/** Runs programs that nobody trusts. Close it when done. */
export interface CodeSandbox {
  grade(code: string, options: { readonly entry: string; readonly cases: readonly CodeCase[] }): Promise<CodeVerdict>;
  close(): Promise<void>;
}

/**
 * A sandbox for JavaScript that a model wrote: QuickJS in a thread of its own, with limits of time, memory and stack. A program finds no
 * network, no files and nothing of this process; one that hangs in native code is killed with its thread. What a case should give never
 * enters the sandbox, so that a program which tampers with built-in objects changes only itself.
 *
 * QuickJS is loaded when the first program is graded.
 *
 * @throws RangeError for an entry that is no name, and for values that JSON cannot say.
 *
 * @example
 * ```ts
 * import { codeSandbox } from '@llm/preference';
 * const sandbox = codeSandbox();
 * const cases = [{ args: [2, 3], expected: 5 }, { args: [0, 0], expected: 0 }];
 * const good = await sandbox.grade('const add = (a, b) => a + b;', { entry: 'add', cases });
 * const bad = await sandbox.grade('function add() { for (;;); }', { entry: 'add', cases });
 * await sandbox.close();
 * if (good.score !== 1 || bad.score !== 0 || !bad.reason?.includes('took longer')) throw new Error('one adds, one hangs');
 * ```
 */
export function codeSandbox(options: CodeSandboxOptions = {}): CodeSandbox {
  const { timeoutMs = 1000, memoryBytes = 64 << 20, stackBytes = 256 << 10, resultBytes = 100_000, startWorker } = options;
  if (!(timeoutMs > 0)) throw new RangeError(`codeSandbox: expected timeoutMs above 0 but found ${timeoutMs}`);
  const thread = terminable<CodeJob, CodeReply>({
    module: 'quickjs-emscripten', address: () => import.meta.resolve('quickjs-emscripten'), serve: serveCode,
    page: startWorker ?? (() => new Worker(new URL('./code-worker.js', import.meta.url), { type: 'module' })),
  });
  return {
    async grade(code, { entry, cases }) {
      if (!/^[A-Za-z_$][\w$]*$/.test(entry)) throw new RangeError(`grade: expected the name of a function but found ${JSON.stringify(entry)}`);
      const failed = (reason: string): CodeVerdict => ({ score: 0, passed: 0, reason });
      const calls = cases.map(({ args }) => JSON.stringify(args));
      // What JavaScript can say by itself it stops at first; the thread is ended a little later.
      const outcome = await thread.ask({ code, entry, calls, deadlineMs: Math.ceil(timeoutMs * 0.8), memoryBytes, stackBytes, resultBytes }, { timeoutMs });
      if ('ended' in outcome) return failed(outcome.ended);
      if ('error' in outcome.reply) return failed(outcome.reply.error);
      let passed = 0;
      let reason: string | undefined;
      for (const [i, result] of outcome.reply.results.entries()) {
        const { expected } = cases[i]!;
        if ('error' in result && /^took longer|out of memory/.test(result.error)) return failed(`case ${i}: ${result.error}`);
        if ('json' in result && sameValue(JSON.parse(result.json), expected)) passed++;
        else reason ??= `case ${i}: ${'error' in result ? result.error : `expected ${JSON.stringify(expected)} but found ${'json' in result ? result.json.slice(0, 200) : result.special}`}`;
      }
      return { score: cases.length === 0 ? 0 : passed / cases.length, passed, ...(reason === undefined ? {} : { reason }) };
    },
    close: () => thread.close(),
  };
}

/** Whether two values of JSON are the same; numbers up to rounding. */
function sameValue(found: unknown, expected: unknown): boolean {
  if (typeof found === 'number' && typeof expected === 'number') return found === expected || Math.abs(found - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
  if (typeof found !== 'object' || typeof expected !== 'object' || found === null || expected === null) return found === expected;
  if (Array.isArray(found) !== Array.isArray(expected)) return false;
  const keys = Object.keys(expected);
  return keys.length === Object.keys(found).length
    && keys.every((key) => Object.hasOwn(found, key) && sameValue((found as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key]));
}
