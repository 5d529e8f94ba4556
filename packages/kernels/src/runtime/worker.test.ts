import { expect, test } from 'vitest';
import { spawnWorker } from './worker.ts';

/** How a thread ended that may go on past `ready()` only once this side knows that it is ready: nothing depends on who is faster. */
const endOf = (after: string): Promise<Error> => new Promise((resolve, reject) => {
  const go = new Int32Array(new SharedArrayBuffer(4));
  spawnWorker(`const run = ({ go }, ready) => { ready(); Atomics.wait(go, 0, 0); ${after} };`, { go }, { onEnd: resolve }).then(() => {
    Atomics.store(go, 0, 1);
    Atomics.notify(go, 0);
  }, reject);
});

test('a thread that ends before it is ready is a rejection, not a promise for ever', async () => {
  const spawned = (loop: string): Promise<unknown> => spawnWorker(loop, {}, { onEnd: () => {} });
  await expect(spawned('const run = () => { process.exit(3); };')).rejects.toThrow('a thread ended with code 3');
  await expect(spawned('const run = () => { throw new Error("no instance"); };')).rejects.toThrow('no instance');
  await expect(spawned('const run = (')).rejects.toThrow(SyntaxError);
});

test('one that ends later tells why, with its own stack', async () => {
  const { message, stack } = await endOf('(function late() { throw new Error("mine"); })();');
  expect(message).toBe('mine');
  expect(stack).toContain('late');
  expect((await endOf('process.exit(7);')).message).toBe('a thread ended with code 7');
});

test('terminated, it tells nothing', async () => {
  const told: Error[] = [];
  const worker = await spawnWorker('const run = (_, ready) => { ready(); for (;;); };', {}, { onEnd: (error) => told.push(error) });
  await worker.terminate();
  expect(told).toEqual([]);
});
