import { lora, quantizeBase, trainable } from '@llm/lora';
import { createModel } from '@llm/model';
import { plainExample, sftLoss, toBatch } from '@llm/sft';
import { flatten, int4, valueAndGrad } from '@llm/tensor';
import { adamw, startTraining } from '@llm/train';
import { peerSteps, startPeer } from './align-peer.mjs';
import { ADAPTER, draws, LLAMA } from './align-shapes.mjs';
import { freshDevice, ms, peakBytes, stepper, times, turns } from './align-turns.mjs';

/** Rows of a step, and their tokens, all of which are learned. */
const ROWS = [1, 4];
const LENGTH = 256;
const KINDS = ['full', 'lora', 'qlora'];

const bytesOf = (tensors) => [...new Set(Object.values(tensors))].reduce((sum, { size }) => sum + 4 * size, 0);

/** What is trained, with what: everything, an adapter, or an adapter over a base in four bits. */
async function setting(kind, model) {
  const base = model.init(1);
  if (kind === 'full') return { params: base };
  if (kind === 'lora') {
    const params = lora(base, ADAPTER);
    return { params, trainable: trainable(params) };
  }
  const small = await quantizeBase(base, { format: int4() });
  const kept = new Set(Object.values(flatten(small)));
  for (const tensor of Object.values(flatten(base))) if (!kept.has(tensor)) tensor.dispose();
  const params = lora(small, ADAPTER);
  return { params, trainable: trainable(params) };
}

/** Bytes of the parameters, of their gradients, and of what the optimizer keeps: of the tensors themselves. */
function memoryOf({ params, trainable = () => true }, { loss, batch }) {
  const { value, grads } = valueAndGrad((p) => loss(p, batch), { trainable })(params);
  const { optimizer } = startTraining(params, adamw({ lr: 1e-6 }), { trainable });
  const found = { weights: bytesOf(flatten(params)), moving: bytesOf(grads) + bytesOf(optimizer) };
  for (const tensor of [value, ...Object.values(grads), ...Object.values(optimizer)]) tensor.dispose();
  return found;
}

/** Full, LoRA and QLoRA steps over some rows beside those of PEFT: seconds, and the most bytes that each has in use. */
async function sideBySide(count, { threads, cpu, rounds }) {
  const model = createModel(LLAMA);
  const loss = sftLoss(model);
  const { ids } = draws(2);
  const rows = Array.from({ length: count }, () => ids(LENGTH));
  const batch = toBatch(rows.map((row) => [plainExample(row)]));
  const bytes = {};
  for (const kind of KINDS) {
    await freshDevice(threads);
    bytes[kind] = { peak: await peakBytes({ ...await setting(kind, model), loss, batches: [batch] }) };
  }
  await freshDevice(threads);
  const ours = {};
  for (const kind of KINDS) {
    const made = await setting(kind, model);
    Object.assign(bytes[kind], memoryOf(made, { loss, batch }));
    ours[kind] = stepper({ ...made, loss, batches: [batch] });
  }
  const { rank, alpha, targets } = ADAPTER;
  const peer = await startPeer({ what: 'peft', config: LLAMA, peft: { rank, alpha, targets, rows } });
  const steps = Object.fromEntries(KINDS.map((kind) => [kind, ours[kind].step]));
  const found = await turns({ ...steps, ...(peer === undefined ? {} : peerSteps(peer, { threads, cpu })) }, { rounds, cpu });
  peer?.close();
  for (const { close } of Object.values(ours)) await close();
  return { found, bytes, about: peer?.about };
}

/** A LoRA step beside a full step, a step of PEFT, and a step over a base in four bits; and what each of them holds in memory. */
export async function loraStep({ threads, cpu, rounds = 12 }) {
  const row = (name, ratio, note) => ({ name, value: times(ratio), figure: ratio, ratio, note });
  const part = (name, ratio, note) => ({ ...row(name, ratio, note), value: `${(100 * ratio).toFixed(1)} %` });
  const mb = (count) => `${(count / 1e6).toFixed(1)} MB`;
  const rows = [];
  for (const count of ROWS) {
    const { found, bytes, about } = await sideBySide(count, { threads, cpu, rounds });
    const { full, lora: own, qlora } = Object.fromEntries(KINDS.map((kind) => [kind, { ...bytes[kind], ...found[kind] }]));
    const held = ({ weights, moving }) => weights + moving;
    const on = `${count} × ${LENGTH}`;
    const peft = `LoRA step, times as fast as PEFT, ${on}`;
    if (rows.length === 0) {
      rows.push(
        part('LoRA gradients and optimizer, of the full', own.moving / full.moving, `${mb(own.moving)} of ${mb(full.moving)}; rank ${ADAPTER.rank} on ${ADAPTER.targets.join(' and ')}`),
        part('QLoRA (int4) weights, gradients, optimizer, of LoRA', held(qlora) / held(own), `${mb(held(qlora))} of ${mb(held(own))}`),
      );
    }
    rows.push(
      row(`LoRA step, times as fast as full, ${on}`, full.seconds / own.seconds, `${ms(own.seconds)}, full ${ms(full.seconds)}; peak ${mb(own.peak)}, full ${mb(full.peak)}`),
      about === undefined ? { name: peft, value: '–', note: 'no Python with torch and peft found' }
        : against(peft, { seconds: own.seconds, found, about: `PEFT ${about.peft}, torch ${about.torch}` }),
      row(`QLoRA (int4) step, times as long as LoRA, ${on}`, qlora.seconds / own.seconds, ms(qlora.seconds)),
      part(`QLoRA (int4) peak of a step, of LoRA, ${on}`, qlora.peak / own.peak, `${mb(qlora.peak)} of ${mb(own.peak)}`),
    );
  }
  return rows;
}

/** Our seconds beside the better ones of the peer on one thread and on all. */
export function against(name, { seconds, found, about }) {
  const theirs = [['1 thread', found.one], ['all threads', found.all]].filter(([, turn]) => turn !== undefined).map(([on, turn]) => [on, turn.seconds]);
  const [on, best] = theirs.reduce((a, b) => (a[1] < b[1] ? a : b));
  return { name, value: times(best / seconds), figure: best / seconds, ratio: best / seconds, note: `${ms(seconds)}, ${about}: ${ms(best)} on ${on}` };
}
