import {
  add, customGrad, div, gather, keep, losses, matMul, moments, mul, oneHot, reshape, softmax, split, sqrt, square, sub, tanh, tensor, tidy, train, transpose, unsortedSegmentSum, variable,
} from '@tensorflow/tfjs-core';
import { randomBatches } from '../model.mjs';

/** A GPT-2 as one writes it in plain tfjs operations: every intermediate a tensor, full scores, full logits, tfjs's own Adam. */
export function stockGpt({ config, batch, length, stepsPerSample, initial }) {
  const { hiddenSize: width, heads, layers, vocabSize, normEps } = config;
  const at = Object.fromEntries(initial.map(({ name, shape, values }) => [name, variable(tensor(values, shape))]));
  const optimizer = train.adam(1e-4, 0.9, 0.999, 1e-8);
  const stream = randomBatches({ config, batch, length })[Symbol.iterator]();
  const mask = keep(tensor(Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0)), [1, 1, length, length]));
  const positions = keep(tensor(Int32Array.from({ length }, (_, i) => i), [length], 'int32'));

  // tfjs's own gradient of gather: importing @llm/tensor puts another in its place.
  const rowsOf = (table, ids) => customGrad((x, save) => {
    save([ids]);
    return { value: gather(x, ids), gradFunc: (dy, [saved]) => unsortedSegmentSum(reshape(dy, [saved.size, width]), reshape(saved, [saved.size]), table.shape[0]) };
  })(table);
  const norm = (x, name) => {
    const { mean, variance } = moments(x, -1, true);
    return add(mul(div(sub(x, mean), sqrt(add(variance, normEps))), at[`${name}.weight`]), at[`${name}.bias`]);
  };
  const conv = (x, name) => add(matMul(x, at[`${name}.weight`]), at[`${name}.bias`]);
  const gelu = (x) => mul(mul(x, 0.5), add(tanh(mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI))), 1));
  const apart = (x) => transpose(reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
  const layer = (x, name) => {
    const [q, k, v] = split(conv(norm(x, `${name}.ln_1`), `${name}.attn.c_attn`), 3, -1).map(apart);
    const shares = softmax(add(mul(matMul(q, k, false, true), 1 / Math.sqrt(width / heads)), mask));
    const mixed = reshape(transpose(matMul(shares, v), [0, 2, 1, 3]), [batch * length, width]);
    const attended = add(x, conv(mixed, `${name}.attn.c_proj`));
    return add(attended, conv(gelu(conv(norm(attended, `${name}.ln_2`), `${name}.mlp.c_fc`)), `${name}.mlp.c_proj`));
  };
  const lossOf = ({ ids, targets }) => {
    const table = at['transformer.wte.weight'];
    const embedded = add(rowsOf(table, tensor(ids, [batch, length], 'int32')), rowsOf(at['transformer.wpe.weight'], positions));
    let x = reshape(embedded, [batch * length, width]);
    for (let i = 0; i < layers; i++) x = layer(x, `transformer.h.${i}`);
    const logits = matMul(norm(x, 'transformer.ln_f'), table, false, true);
    // The last position of a row has no target.
    const wanted = oneHot(tensor(targets.map((id) => Math.max(0, id)), [batch * length], 'int32'), vocabSize);
    const counted = tensor(Float32Array.from(targets, (id) => Number(id >= 0)), [batch * length]);
    return losses.softmaxCrossEntropy(wanted, logits, counted);
  };

  const some = async () => {
    const started = performance.now();
    const costs = [];
    for (let i = 0; i < stepsPerSample; i++) {
      const { value } = stream.next();
      costs.push(tidy(() => optimizer.minimize(() => lossOf(value), true)));
    }
    const values = [];
    for (const cost of costs) values.push((await cost.data())[0]);
    for (const cost of costs) cost.dispose();
    const seconds = (performance.now() - started) / 1000;
    if (!values.every(Number.isFinite)) throw new Error(`expected finite losses but found ${values}`);
    return { seconds, first: values[0] };
  };
  return {
    name: 'tfjs',
    prepare: async () => ({ firstLoss: (await some()).first }),
    sample: async () => (await some()).seconds / stepsPerSample,
    finish() {
      for (const each of [...Object.values(at), mask, positions]) each.dispose();
      optimizer.dispose();
    },
  };
}
