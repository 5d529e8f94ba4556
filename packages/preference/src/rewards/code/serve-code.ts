import type { QuickJSWASMModule } from 'quickjs-emscripten';
import type { Port } from '../thread/terminable.ts';

/** A program, the function of it that is called, and with what. */
export interface CodeJob {
  readonly code: string;
  readonly entry: string;
  /** The arguments of each call, as JSON. */
  readonly calls: readonly string[];
  readonly deadlineMs: number;
  readonly memoryBytes: number;
  readonly stackBytes: number;
  readonly resultBytes: number;
}

/** What a call gave: JSON, or the name of what JSON cannot say; or why it gave nothing. */
export type CallResult = { readonly json: string } | { readonly special: string } | { readonly error: string };

/** Why the program could not be called at all, or what each call gave. */
export type CodeReply = { readonly error: string } | { readonly results: readonly CallResult[] };

/**
 * Runs programs in QuickJS, each in a realm of its own: nothing of this process is in it, not even what the answers should be. It must name
 * nothing outside of itself.
 */
export async function serveCode(library: { getQuickJS(): Promise<QuickJSWASMModule> }, port: Port): Promise<void> {
  const quickjs = await library.getQuickJS();
  port.receive((message) => {
    const { code, entry, calls, deadlineMs, memoryBytes, stackBytes, resultBytes } = message as CodeJob;
    const until = Date.now() + deadlineMs;
    const runtime = quickjs.newRuntime();
    runtime.setMemoryLimit(memoryBytes);
    runtime.setMaxStackSize(stackBytes);
    runtime.setInterruptHandler(() => Date.now() > until);
    const realm = runtime.newContext();
    type Handle = typeof realm.undefined;
    const told = (handle: Handle): string => {
      const error = realm.dump(handle) as { name?: unknown; message?: unknown } | string;
      handle.dispose();
      if (Date.now() > until) return `took longer than ${deadlineMs} ms`;
      const text = typeof error === 'object' && error !== null ? `${String(error.name ?? 'Error')}: ${String(error.message ?? '')}` : String(error);
      return text.slice(0, 500);
    };
    const evaluated = (source: string): { readonly value: Handle } | { readonly error: string } => {
      const result = realm.evalCode(source, 'answer.js');
      return result.error ? { error: told(result.error) } : { value: result.value };
    };
    const settled = (handle: Handle): { readonly value: Handle } | { readonly error: string } => {
      // A promise is given its turns, which end with the deadline.
      for (;;) {
        const state = realm.getPromiseState(handle);
        if (state.type === 'fulfilled' && state.notAPromise) return { value: handle };
        let ended: { readonly value: Handle } | { readonly error: string } | undefined;
        if (state.type === 'fulfilled') ended = { value: state.value };
        else if (state.type === 'rejected') ended = { error: told(state.error) };
        else if (Date.now() > until) ended = { error: `took longer than ${deadlineMs} ms` };
        else {
          const done = runtime.executePendingJobs(100);
          if (done.error) ended = { error: told(done.error) };
          else if (done.value === 0) ended = { error: 'expected a value but found a promise that never settles' };
        }
        if (ended === undefined) continue;
        handle.dispose();
        return ended;
      }
    };
    const call = (fn: Handle, args: string): CallResult => {
      const made = evaluated(`(${args})`);
      if ('error' in made) return made;
      const count = realm.getProp(made.value, 'length');
      const handles = Array.from({ length: realm.getNumber(count) }, (_, i) => realm.getProp(made.value, i));
      count.dispose();
      made.value.dispose();
      const called = realm.callFunction(fn, realm.undefined, ...handles);
      for (const handle of handles) handle.dispose();
      if (called.error) return { error: told(called.error) };
      const found = settled(called.value);
      if ('error' in found) return found;
      const kind = realm.typeof(found.value);
      const value: unknown = realm.dump(found.value);
      found.value.dispose();
      if (Date.now() > until) return { error: `took longer than ${deadlineMs} ms` };
      if (kind === 'undefined' || kind === 'function' || kind === 'symbol') return { special: kind };
      if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return { special: String(value) };
      const json = JSON.stringify(value) as string | undefined;
      if (json === undefined) return { special: kind };
      return json.length > resultBytes ? { error: `expected a result of at most ${resultBytes} bytes but found ${json.length}` } : { json };
    };
    let reply: CodeReply;
    try {
      const run = evaluated(`const console = Object.freeze({ log() {}, error() {}, warn() {}, info() {}, debug() {} });\n${code}\n;${entry};`);
      if ('error' in run) reply = run;
      else if (realm.typeof(run.value) !== 'function') {
        reply = { error: `expected a function ${entry} but found ${realm.typeof(run.value)}` };
        run.value.dispose();
      }
      else {
        const results: CallResult[] = [];
        for (const args of calls) results.push(call(run.value, args));
        run.value.dispose();
        reply = { results };
      }
    } catch (error) {
      reply = { error: `the sandbox failed: ${String((error as Error)?.message ?? error).slice(0, 200)}` };
    }
    try {
      realm.dispose();
      runtime.dispose();
      port.send(reply);
    } catch {
      // QuickJS gives up where something is left, as after it ran out of memory: that goes with the thread.
      port.send({ ...reply, spent: true });
    }
  });
}
