import { createModel } from '@llm/model';
import { dpo, frozenCopy, pairBatch, precomputeReference, preferenceLoss, separateRows, sharedPrefix } from '@llm/preference';
import { adamw, startTraining } from '@llm/train';
import { against } from './align-lora.mjs';
import { peerSteps, startPeer } from './align-peer.mjs';
import { completionOf, draws, LLAMA, promptOf } from './align-shapes.mjs';
import { freshDevice, ms, stepper, times, turns } from './align-turns.mjs';

const PAIRS = 4;

/** A DPO step with shared prompts, packed, with the reference's answers kept, beside one without any of it, and beside TRL, which keeps the reference's answers too. */
export async function dpoStep({ threads, cpu, rounds = 8 }) {
  await freshDevice(threads);
  const model = createModel(LLAMA);
  const params = model.init(1);
  const drawn = draws(1);
  const pairs = Array.from({ length: PAIRS }, () => ({ prompt: promptOf(drawn), chosen: completionOf(drawn), rejected: completionOf(drawn) }));
  const tokens = pairs.reduce((sum, { prompt, chosen, rejected }) => sum + prompt.length + chosen.length + rejected.length, 0);
  const known = await precomputeReference(model, params, { pairs });
  const loss = dpo({ beta: 0.1 });
  const layout = sharedPrefix({ rowTokens: tokens });
  // All train the same parameters, and share one optimizer.
  const shared = { params, state: startTraining(params, adamw({ lr: 1e-6 })) };
  const rows = {
    shared: { batch: pairBatch(known, { layout }) },
    rows: { batch: pairBatch(known, { layout: separateRows() }) },
    naive: { batch: pairBatch(pairs, { layout: separateRows() }), reference: frozenCopy(params) },
  };
  const ours = Object.fromEntries(Object.entries(rows).map(([name, { batch, reference }]) => (
    [name, stepper({ ...shared, batches: [batch], loss: preferenceLoss(model, { loss, reference }) })])));
  const peer = await startPeer({ what: 'trl', config: LLAMA, trl: { pairs, cached: true } });
  const fed = pairs.reduce((sum, { prompt }) => sum + prompt.length, tokens);
  if (peer !== undefined && peer.about.tokens !== fed) throw new Error(`align: expected TRL to read ${fed} tokens but found ${peer.about.tokens}`);
  const steps = Object.fromEntries(Object.entries(ours).map(([name, { step }]) => [name, step]));
  const found = await turns({ ...steps, ...(peer === undefined ? {} : peerSteps(peer, { threads, cpu })) }, { rounds, cpu });
  peer?.close();
  for (const { close } of Object.values(ours)) await close();
  const seconds = (name) => found[name].seconds;
  const size = (name) => rows[name].batch.rows * rows[name].batch.length;
  const ratio = seconds('naive') / seconds('shared');
  const row = {
    name: 'DPO step, times faster than the naive one', value: times(ratio), figure: ratio, ratio,
    note: `${ms(seconds('shared'))}, ${size('shared')} tokens; naive ${ms(seconds('naive'))}, ${size('naive')} tokens; naive with kept reference ${ms(seconds('rows'))}; ${PAIRS} pairs`,
  };
  const name = 'DPO step, times as fast as TRL with kept reference';
  return [row, peer === undefined ? { name, value: '–', note: 'no Python with torch and trl found' }
    : against(name, { seconds: seconds('shared'), found, about: `TRL ${peer.about.trl}, torch ${peer.about.torch}` })];
}
