import { expect, test } from 'vitest';
import { spawnWorker } from './worker.ts';

const spawned = (loop: string): Promise<Error> => new Promise((resolve, reject) => {
  spawnWorker(loop, {}, { onEnd: resolve }).catch(reject);
});

test('a thread that ends before it is ready is a rejection, not a promise for ever', async () => {
  await expect(spawned('const run = () => { process.exit(3); };')).rejects.toThrow('a thread ended with code 3');
  await expect(spawned('const run = () => { throw new Error("no instance"); };')).rejects.toThrow('no instance');
  await expect(spawned('const run = (')).rejects.toThrow(SyntaxError);
});

test('one that ends later tells why, with its own stack', async () => {
  const { message, stack } = await spawned('const run = (_, ready) => { ready(); setTimeout(function late() { throw new Error("mine"); }, 50); };');
  expect(message).toBe('mine');
  expect(stack).toContain('late');
  expect((await spawned('const run = (_, ready) => { ready(); setTimeout(() => process.exit(7), 20); };')).message).toBe('a thread ended with code 7');
});

test('terminated, it tells nothing', async () => {
  const told: Error[] = [];
  const worker = await spawnWorker('const run = (_, ready) => { ready(); for (;;); };', {}, { onEnd: (error) => told.push(error) });
  await worker.terminate();
  expect(told).toEqual([]);
});
