import { gpt2 } from '@llm/model';
import { causalLoss } from '@llm/pretrain';
import { disposeTree, useDevice } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';
import { median } from '../../statistics.mjs';
import { tensorCard } from '../card.mjs';
import { compare, versus } from '../compare.mjs';
import { millions, paramsOf, randomBatches, torchConfig } from '../model.mjs';
import { torchArm } from '../peer.mjs';

const MEBIBYTE = 2 ** 20;
const KINDS = [['fp32', 'PyTorch fp32 eager'], ['bf16', 'PyTorch bf16 eager'], ['bf16 compile', 'PyTorch bf16 compile']];

/** Tokens per second of training, and what a compiled step asks of the card and of the processor. */
export async function trainCase({ sizes, peer, report }) {
  const { config, batch, length, stepsPerSample } = sizes.train;
  await useDevice('webgpu');
  const card = tensorCard();
  const model = gpt2(config);
  const title = `training, ${millions(model)}, T ${length}, batch ${batch}`;
  const mine = ['f32', 'f16'].map((precision) => trainArm(`ours ${precision}`, { card, model, precision, setting: sizes.train }));
  const theirs = KINDS.map(([kind]) => torchArm(peer, kind, { case: 'train', kind, ...torchConfig(config), batch, length, count: stepsPerSample }));
  const found = await compare([...mine, ...theirs], sizes.timing);
  const shape = { unit: 'tokens/s', figure: (seconds) => batch * length / seconds, digits: 5 };
  for (const precision of ['f32', 'f16']) {
    for (const [kind, name] of KINDS) report(versus(`${title}, ${precision}`, [found[`ours ${precision}`], found[kind]], { ...shape, peer: name }));
  }
  for (const [precision, kind] of [['f32', 'fp32'], ['f16', 'bf16']]) reportStep(report, precision, { ours: found[`ours ${precision}`], peer: KINDS.find(([each]) => each === kind)[1], theirs: found[kind] });
}

function reportStep(report, precision, { ours: { failed, end, facts }, peer, theirs }) {
  const row = (name, value, unit, note = '') => report({ name: `compiled step ${precision}, ${name}`, ours: value, unit, digits: 4, note, ...(failed === undefined && value !== undefined ? {} : { failed: failed ?? 'not measured' }) });
  row('dispatches', end?.dispatches, 'a step');
  row('submits', end?.submits, 'a step');
  row('buffers created', end?.buffersCreated, 'a step', 'none in a steady state');
  row('processor time to dispatch', end?.dispatchMs, 'ms', 'median over the samples; the card runs meanwhile');
  const peak = theirs.facts?.peakBytes;
  report({
    name: `compiled step ${precision}, memory of buffers`, unit: 'MiB', ours: facts && facts.bufferBytes / MEBIBYTE, peer, theirs: peak && peak / MEBIBYTE, ratio: peak / facts?.bufferBytes || undefined,
    digits: 4, note: 'parameters, moments, gradients and all that is kept for the backward pass', ...(failed === undefined ? {} : { failed }),
  });
  if (precision === 'f16') row('updates left out', end?.skipped, 'in all', 'while the loss scale settles');
  row('first steps', facts?.firstSeconds, 's', 'recording, compiling and a copy of the state to the host');
}

/** Our training loop, some steps of it at a time. */
export function trainArm(name, { card: { gpu }, model, precision = 'f32', setting: { config, batch, length, stepsPerSample }, params = paramsOf(model) }) {
  const optimizer = adamw({ lr: 1e-4 });
  // It asks for the rates once at the beginning of each step, and between two of them there is nothing but the dispatching of one.
  const begun = [];
  const watched = { ...optimizer, rates(step) {
    begun.push(performance.now());
    return optimizer.rates(step);
  } };
  const state = startTraining(params, optimizer);
  const steps = train({
    params, state, loss: causalLoss(model), batches: randomBatches({ config, batch, length }), optimizer: watched, compile: true, readEvery: stepsPerSample, precision,
  });
  const dispatching = [];
  let first;
  let skipped = 0;
  const counted = { samples: 0, dispatches: 0, submits: 0, buffersCreated: 0 };
  const some = async () => {
    begun.length = 0;
    const started = performance.now();
    for (let i = 0; i < stepsPerSample; i++) {
      const { value } = await steps.next();
      if (!Number.isFinite(value.loss)) throw new Error(`expected a finite loss but found ${value.loss} in step ${value.index}`);
      if (value.skipped !== undefined && precision === 'f32') throw new Error(`expected an update but found: ${value.skipped}`);
      if (value.skipped !== undefined) skipped++;
      first ??= value.loss;
    }
    const seconds = (performance.now() - started) / 1000;
    for (let i = 1; i < begun.length; i++) dispatching.push(begun[i] - begun[i - 1]);
    return seconds;
  };
  return {
    name,
    async prepare() {
      const before = gpu.stats().bufferBytes;
      const firstSeconds = await some();
      dispatching.length = 0;
      const expected = Math.log(config.vocabSize);
      if (!(Math.abs(first - expected) < 0.5)) throw new Error(`expected a first loss near ln(vocabulary) = ${expected.toFixed(2)} but found ${first}`);
      return { firstSeconds, firstLoss: first, check: `first loss ${first.toFixed(3)}`, bufferBytes: gpu.stats().bufferBytes - before };
    },
    async sample() {
      // Another arm may use the same device between two samples.
      const before = gpu.stats();
      const seconds = await some();
      const after = gpu.stats();
      counted.samples++;
      for (const key of ['dispatches', 'submits', 'buffersCreated']) counted[key] += after[key] - before[key];
      return seconds / stepsPerSample;
    },
    async finish() {
      await steps.return();
      disposeTree(params);
      disposeTree(state.optimizer);
      if (counted.samples === 0) return undefined;
      return {
        ...Object.fromEntries(['dispatches', 'submits', 'buffersCreated'].map((key) => [key, counted[key] / counted.samples / stepsPerSample])),
        skipped,
        dispatchMs: dispatching.length === 0 ? undefined : median(dispatching),
      };
    },
  };
}
