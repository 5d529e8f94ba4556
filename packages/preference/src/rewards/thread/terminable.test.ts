import { expect, test } from 'vitest';
import { type Port, terminable } from './terminable.ts';

const page = (): never => { throw new Error('this is no page'); };
const made = (serve: (library: never, port: Port) => unknown, { address = 'node:path', startMs = 60_000 } = {}) => terminable<string, string>({ module: 'path', address: () => address, serve, page, startMs });

test('a thread answers, is ended where it takes too long, and another one goes on', async () => {
  const thread = made((library: { readonly sep: string }, port) => {
    let asked = 0;
    port.receive((message) => {
      if (message === 'hang') for (;;);
      if (message === 'exit') (globalThis as unknown as { process: { exit(code: number): void } }).process.exit(3);
      asked++;
      port.send(message === 'spent' ? { spent: true } : `${String(message)}${library.sep}${asked}`);
    });
  });
  const ask = (job: string) => thread.ask(job, { timeoutMs: job === 'hang' ? 100 : 60_000 });
  expect(await Promise.all([ask('a'), ask('b')])).toEqual([{ reply: 'a/1' }, { reply: 'b/2' }]);
  expect(await ask('hang')).toEqual({ ended: 'took longer than 100 ms' });
  expect(await ask('c')).toEqual({ reply: 'c/1' });
  expect(await ask('spent')).toEqual({ reply: { spent: true } });
  expect(await ask('d')).toEqual({ reply: 'd/1' });
  expect(await ask('exit')).toEqual({ ended: 'the thread ended with code 3' });
  expect(await ask('e')).toEqual({ reply: 'e/1' });
  await thread.close();
  await expect(ask('f')).rejects.toThrow('terminable: expected an open thread but found a closed one. Make another.');
});

test('one that cannot start says why, and so does one that never is ready', async () => {
  const missing = made(() => {}, { address: 'node:nothing-of-the-kind' });
  await expect(missing.ask('a', { timeoutMs: 60_000 })).rejects.toThrow('nothing-of-the-kind');
  const idle = made(() => new Promise(() => { setInterval(() => {}, 1000); }), { startMs: 300 });
  await expect(idle.ask('a', { timeoutMs: 100 })).rejects.toThrow('terminable: expected a thread with path within 300 ms but found none');
});
