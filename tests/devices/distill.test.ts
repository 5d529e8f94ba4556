// Distillation on every device that is asked for: the values and gradients of the cpu device, whose arithmetic is f64.
import { askedDevices } from '@llm/kernels';
import { distillBatch, type DistillBatch, distillLoss, forwardKl, hiddenCosine, hinton, joinKept, jsd, keepTop, keptTeacher, localTeacher, relationDistance, softened, uld } from '@llm/distill';
import { createModel } from '@llm/model';
import { type DeviceName, sum, type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { afterAll, describe, expect, test } from 'vitest';

const config = { model_type: 'llama', vocab_size: 37, hidden_size: 16, intermediate_size: 24, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 16, tie_word_embeddings: true, initializer_range: 0.3 };
const [student, teacher] = [createModel({ ...config, num_hidden_layers: 1 }), createModel({ ...config, num_hidden_layers: 2 })];

const batch: DistillBatch = (() => {
  const ids = Int32Array.from({ length: 12 }, (_, i) => (i * 11 + 3) % 37);
  return distillBatch({
    rows: 2, length: 6, ids, targets: Int32Array.from(ids, (_, i) => (i % 6 === 5 || i === 0 ? -100 : ids[i + 1]!)), positions: Int32Array.from(ids, (_, i) => i % 6), segments: new Int32Array(12), packed: false, restarts: false,
  });
})();

/** Losses of two kinds of teacher with their gradients, of ranks, and of steps. */
async function run(device: DeviceName): Promise<Record<string, number[]>> {
  await useDevice(device);
  const [params, above] = [student.init(1), teacher.init(2)];
  const found: Record<string, number[]> = {};
  const kept = [];
  for await (const each of keepTop(teacher, above, [batch], { k: 5, temperature: 2 })) kept.push(each.kept);
  const rows = joinKept(kept);
  found.kept = [...rows.ids, ...rows.probs];
  const features = [{ student: 'last', teacher: 'model.layers.1.mlp', loss: hiddenCosine() }, { student: 'model.layers.0.mlp', teacher: 'last', loss: relationDistance() }];
  const losses = {
    local: distillLoss(student, { loss: softened(jsd({ beta: 0.4 })), teacher: localTeacher(teacher, above), features }),
    cached: distillLoss(student, { loss: hinton({ temperature: 2 }), teacher: keptTeacher() }),
  };
  for (const [name, loss] of Object.entries(losses)) {
    const { value, grads } = valueAndGrad(loss)(params, { ...batch, kept: rows });
    found[name] = [...await value.data(), ...await grads['model.embed_tokens.weight']!.data(), ...await grads['model.layers.0.self_attn.q_proj.weight']!.data()];
  }
  const [p, q] = [tensor([[0.5, 0.2, 0.3], [0.1, 0.1, 0.8]]), tensor([[0.4, 0.4, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1]])];
  const ranked = valueAndGrad((tree: { p: Tensor }) => sum(uld(tree.p, q)))({ p });
  found.uld = [...await ranked.value.data(), ...await ranked.grads['p']!.data()];
  found.steps = [];
  const loss = distillLoss(student, { loss: softened(forwardKl()), teacher: localTeacher(teacher, above) });
  for await (const step of train({ params, loss, batches: [batch, batch, batch], optimizer: adamw({ lr: 1e-2 }) })) found.steps.push(step.loss);
  return found;
}

afterAll(async () => { await useDevice(); });

describe.each([...new Set(['wasm', ...askedDevices()])] as DeviceName[])('distillation on %s', (device) => {
  test('is that of the cpu device', async () => {
    const [expected, found] = [await run('cpu'), await run(device)];
    for (const [name, values] of Object.entries(expected)) {
      expect(found[name]!.length).toBe(values.length);
      const scale = Math.max(...values.map(Math.abs));
      values.forEach((value, i) => { expect(Math.abs(found[name]![i]! - value), `${name} ${i}: ${value} but found ${found[name]![i]}`).toBeLessThan(2e-4 * scale); });
    }
  });
});

describe.runIf(askedDevices().includes('webgpu'))('on a graphics card', () => {
  test('recorded steps have the same bits, whatever the batches bring', async () => {
    await useDevice('webgpu');
    const above = teacher.init(2);
    const batches: DistillBatch[] = [];
    for (const shift of [0, 1, 2]) {
      const ids = Int32Array.from(batch.ids, (id) => (id + shift) % 37);
      const own = { ...batch, ids, targets: Int32Array.from(batch.places, (place) => ids[place + 1]!) };
      const kept = [];
      for await (const each of keepTop(teacher, above, [own], { k: 5 })) kept.push(each.kept);
      batches.push({ ...own, kept: joinKept(kept) });
    }
    const loss = distillLoss(student, { loss: hinton({ temperature: 1 }), teacher: keptTeacher() });
    const steps = async (compile: boolean): Promise<number[]> => {
      const found: number[] = [];
      for await (const step of train({ params: student.init(1), loss, batches, optimizer: adamw({ lr: 1e-2 }), compile })) found.push(step.loss, step.gradNorm);
      return found;
    };
    expect(await steps(true)).toEqual(await steps(false));
  });
});
