import * as t from '@llm/tensor';
import {
  adafactor, adamw, constant, cosine, cosineWithRestarts, inverseSqrt, linear, lion, matchAdamwFactor, measurePeak, muon, originalFactor,
  polynomial, progressOf, restoreTraining, sgd, startTraining, train, trainingFiles, wsd,
} from '@llm/train';
import { expect } from '../expect.mjs';

await t.useDevice('wasm');

// Every optimizer makes the same small problem smaller: fit y = W x.
const optimizers = [
  adamw({ lr: 0.1 }), sgd({ lr: 0.05, momentum: 0.9 }), lion({ lr: 0.02 }), adafactor({ lr: 0.1 }), muon({ lr: 0.1, adamw: { lr: 0.1 } }),
];
for (const optimizer of optimizers) {
  const params = { w: t.zeros([2, 2]) };
  const [x, y] = [t.tensor([1, 0, 0, 1], [2, 2]), t.tensor([1, 2, -1, 0.5], [2, 2])];
  const loss = (p, batch) => t.mean(t.square(t.sub(t.linear(batch.x, p.w), batch.y)));
  const batches = Array.from({ length: 60 }, () => ({ targetCount: 1, x, y }));
  const state = startTraining(params, optimizer);
  const losses = [];
  const progress = progressOf({ steps: 60 });
  for await (const step of train({ params, loss, batches, optimizer, state })) {
    losses.push(step.loss);
    expect(progress(step).tokensPerSecond > 0, 'a speed');
  }
  expect(losses.length === 60 && state.step === 60, '60 steps');

  // What was trained goes through files and comes back to the bit.
  const files = new Map();
  for (const [name, content] of Object.entries(trainingFiles(params, state, { config: { lr: 0.1 } }))) {
    const chunks = typeof content === 'string' ? [content] : [];
    if (typeof content !== 'string') for await (const chunk of content) chunks.push(chunk);
    files.set(name, new Uint8Array(await new Blob(chunks).arrayBuffer()));
  }
  const other = { w: t.zeros([2, 2]) };
  const restored = restoreTraining(files, { params: other, optimizer, config: { lr: 0.1 } });
  expect(restored.state.step === 60 && other.w.dataSync().join() === params.w.dataSync().join(), 'the same step and the same bits');
  expect(losses.at(-1) < 0.5 * losses[0], `${optimizer.name} to halve the loss ${losses[0]} but found ${losses.at(-1)}`);
}

const steps = 100;
for (const schedule of [
  constant(1, { warmupSteps: 10 }), cosine(1, { warmupSteps: 10, steps }), cosineWithRestarts(1, { warmupSteps: 10, steps, cycles: 2 }),
  inverseSqrt(1, { warmupSteps: 10 }), linear(1, { warmupSteps: 10, steps }), polynomial(1, { warmupSteps: 10, steps, power: 2 }),
  wsd(1, { warmupSteps: 10, steps, decaySteps: 20 }),
]) {
  expect(schedule(0) < schedule(10) && schedule(10) === 1 && schedule(99) <= 1, `a warm-up to 1 but found ${schedule(0)}, ${schedule(10)}, ${schedule(99)}`);
}
expect(originalFactor(8, 2) === 2 && matchAdamwFactor(4, 1) === 0.4, 'the factors of the papers');

expect(await measurePeak({ seconds: 0.05, size: 64 }) > 1e6, 'more than a million operations per second');
