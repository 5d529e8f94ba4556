import { rmsNorm } from '@llm/kernels';
import * as t from '@llm/tensor';
import { expect } from '../expect.mjs';

const valuesOf = (tensor) => Array.from(tensor.dataSync());
const close = (a, b) => Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b));
function equal(tensor, expected, what) {
  const found = valuesOf(tensor);
  expect(found.length === expected.length && found.every((value, i) => close(value, expected[i])), `${what}: [${expected}] but found [${found}]`);
}

for (const name of ['cpu', 'wasm']) {
  const device = await t.useDevice(name);
  expect(device.name === name && device.threads >= 1, `the device ${name}`);

  // The ops that come with tfjs.
  t.scope(() => {
    const x = t.tensor([1, -2, 3, -4], [2, 2]);
    const one = t.ones([2, 2]);
    equal(t.abs(x), [1, 2, 3, 4], 'abs');
    equal(t.add(x, one), [2, -1, 4, -3], 'add');
    equal(t.sub(x, one), [0, -3, 2, -5], 'sub');
    equal(t.mul(x, x), [1, 4, 9, 16], 'mul');
    equal(t.div(x, t.scalar(2)), [0.5, -1, 1.5, -2], 'div');
    equal(t.argMax(x, 1), [0, 0], 'argMax');
    equal(t.cast(x, 'int32'), [1, -2, 3, -4], 'cast');
    equal(t.clone(x), [1, -2, 3, -4], 'clone');
    equal(t.concat([x, one], 0), [1, -2, 3, -4, 1, 1, 1, 1], 'concat');
    equal(t.exp(t.zeros([2])), [1, 1], 'exp');
    equal(t.log(one), [0, 0, 0, 0], 'log');
    equal(t.gather(x, t.tensor([1], [1], 'int32')), [3, -4], 'gather');
    equal(t.matMul(x, one), [-1, -1, -1, -1], 'matMul');
    equal(t.max(x), [3], 'max');
    equal(t.maximum(x, one), [1, 1, 3, 1], 'maximum');
    equal(t.minimum(x, one), [1, -2, 1, -4], 'minimum');
    equal(t.mean(x), [-0.5], 'mean');
    equal(t.sum(x), [-2], 'sum');
    equal(t.neg(x), [-1, 2, -3, 4], 'neg');
    equal(t.onesLike(x), [1, 1, 1, 1], 'onesLike');
    equal(t.zerosLike(x), [0, 0, 0, 0], 'zerosLike');
    equal(t.pad(t.tensor([1]), [[1, 1]]), [0, 1, 0], 'pad');
    equal(t.reshape(x, [4]), [1, -2, 3, -4], 'reshape');
    equal(t.slice(x, [1, 0], [1, 2]), [3, -4], 'slice');
    equal(t.split(x, 2)[1], [3, -4], 'split');
    equal(t.sqrt(t.square(x)), [1, 2, 3, 4], 'sqrt of square');
    equal(t.squeeze(t.tensor([[1, 2]])), [1, 2], 'squeeze');
    equal(t.stack([t.scalar(1), t.scalar(2)]), [1, 2], 'stack');
    equal(t.tanh(t.zeros([1])), [0], 'tanh');
    equal(t.tile(t.tensor([1, 2]), [2]), [1, 2, 1, 2], 'tile');
    equal(t.transpose(x), [1, 3, -2, -4], 'transpose');
    equal(t.where(t.tensor([true, false], [2], 'bool'), t.tensor([1, 2]), t.tensor([3, 4])), [1, 4], 'where');
    t.keep(x).dispose();
  });

  // Layers, and the gradient of each.
  const before = t.memory().tensors;
  const gradientOf = (params, loss) => {
    const { value, grads } = t.valueAndGrad((p) => t.sum(t.square(loss(p))))(params);
    for (const [path, grad] of Object.entries(grads)) expect(valuesOf(grad).every(Number.isFinite), `a finite gradient of ${path}`);
    expect(Number.isFinite(value.dataSync()[0]), 'a finite loss');
    expect(Object.keys(grads).length === Object.keys(params).length, `gradients of ${Object.keys(params)} but found those of ${Object.keys(grads)}`);
    t.disposeTree(grads);
    value.dispose();
    t.disposeTree(params);
  };
  const random = (shape, stream) => t.randomNormal(shape, { seed: 1, stream });
  const int32 = (values, shape = [values.length]) => t.tensor(values, shape, 'int32');
  gradientOf({ x: random([2, 4], 'x'), w: random([3, 4], 'w'), b: random([3], 'b') }, ({ x, w, b }) => t.linear(x, w, { bias: b, activation: 'gelu' }));
  gradientOf({ x: random([2, 4], 'x') }, ({ x }) => t.activate(x, 'silu'));
  gradientOf({ gate: random([2, 4], 'x'), up: random([2, 4], 'u') }, ({ gate, up }) => t.gated(gate, up));
  gradientOf({ x: random([2, 4], 'x'), w: t.ones([4]) }, ({ x, w }) => t.rmsNorm(x, w));
  gradientOf({ x: random([2, 4], 'x'), w: t.ones([4]) }, ({ x, w }) => t.layerNorm(x, w));
  gradientOf({ x: random([2, 4], 'x') }, ({ x }) => t.softmax(x));
  gradientOf({ x: random([2, 4], 'x') }, ({ x }) => t.logSoftmax(x));
  gradientOf({ a: random([2, 4], 'a'), b: random([4, 3], 'b') }, ({ a, b }) => t.einsum('ij,jk->ki', a, b));
  gradientOf({ x: random([2, 4], 'x') }, ({ x }) => t.logSoftmax(x));
  gradientOf({ a: random([2, 3], 'a'), b: random([3, 2], 'b') }, ({ a, b }) => t.einsum('ij,jk->ik', a, b));
  gradientOf({ x: random([1, 2, 1, 4], 'x') }, ({ x }) => t.rope(x, { cos: t.ones([2, 2]), sin: t.zeros([2, 2]) }));
  gradientOf({ q: random([1, 3, 2, 4], 'q'), k: random([1, 3, 1, 4], 'k'), v: random([1, 3, 1, 4], 'v') }, ({ q, k, v }) => t.attention(q, k, v));
  gradientOf({ q: random([1, 3, 2, 4], 'q'), k: random([1, 3, 1, 4], 'k'), v: random([1, 3, 1, 4], 'v') }, ({ q, k, v }) => t.attention(q, k, v, {
    segments: int32([t.branchSegment(0, 0), t.branchSegment(0, 1), t.branchSegment(0, 2)], [1, 3]), prefixes: int32([1]),
  }));
  gradientOf({ table: random([5, 4], 'e') }, ({ table }) => t.embed(int32([1, 1, 3]), table));
  gradientOf({ h: random([3, 4], 'h'), w: random([5, 4], 'w') }, ({ h, w }) => t.linearCrossEntropy(h, w, int32([0, 4, -100])));
  gradientOf({ h: random([3, 4], 'h'), w: random([5, 4], 'w') }, ({ h, w }) => t.linearLogProbs(h, w, Int32Array.of(0, 4, -100), { entropies: true }).logProbs);
  gradientOf({ h: random([3, 4], 'h'), w: random([5, 4], 'w') }, ({ h, w }) => t.linearLoss(h, w, (logits) => t.sum(t.square(logits)), { chunkRows: 2 }));
  gradientOf({ x: random([8], 'x') }, ({ x }) => t.dropout(x, 0.5, { seed: 3 }));
  gradientOf({ x: random([8], 'x') }, ({ x }) => t.softCap(x, { cap: 2 }));
  gradientOf({ x: random([2, 8], 'x'), w: random([3, 8], 'w') }, ({ x, w }) => t.linear(x, t.cappedHead(w, { cap: 2 })));
  gradientOf({ x: random([4], 'x') }, ({ x }) => t.checkpointed((y) => t.square(y))(x));
  gradientOf({ x: random([4], 'x') }, ({ x }) => t.differentiable({
    inputs: { x }, forward: () => t.mul(x, t.scalar(2)), backward: (dy) => ({ x: () => t.mul(dy, t.scalar(2)) }),
  }));
  expect(t.memory().tensors === before, `${before} tensors as before but found ${t.memory().tensors}`);

  // A kernel called by hand, and where a NaN comes from.
  const { y } = t.call(rmsNorm, { inputs: { x: t.tensor([3, 3]), weight: t.ones([2]) }, dims: { rows: 1, cols: 2 }, outputs: { y: [2], rstd: true } });
  equal(y, [1, 1], 'rmsNorm');
  let culprit = '';
  try {
    t.findNonFinite(() => t.log(t.tensor([-1])));
  } catch (error) {
    culprit = error.message;
  }
  expect(culprit.includes('Log'), `the logarithm to be named but found ${culprit}`);

  // Where a NaN comes from.
  let named = '';
  try {
    t.findNonFinite(() => t.log(t.tensor([1, -1])));
  } catch (error) {
    named = error instanceof t.NonFiniteValueError ? error.operation : String(error);
  }
  expect(named === 'Log', `the operation Log to be named but found ${named}`);

  equal(t.linear(t.tensor([[1, 1]]), t.rowBlocks([t.tensor([[1, 2]]), t.tensor([[3, 4]])])), [3, 7], 'rowBlocks');
  expect(t.inRowBlocks(y) === y, 'inRowBlocks cuts on graphics cards alone');
  const [left, right] = t.splitColumns(t.tensor([[1, 2]]), 2, { shape: [1] });
  equal(left, [1], 'the left column');
  equal(right, [2], 'the right column');

  // One optimizer step in place, and the norm that clipping needs.
  const entry = { param: t.tensor([1]), grad: t.tensor([1]), m: t.zeros([1]), v: t.zeros([1]), lr: 0.1, weightDecay: 0 };
  t.adamwUpdate([entry], { beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 1 });
  equal(entry.param, [0.9], 'a first step of lr against the sign of the gradient');
  t.lionUpdate({ ...entry, m: t.zeros([1]) }, { lr: 0.5, weightDecay: 0, beta1: 0.9, beta2: 0.99 });
  equal(entry.param, [0.4], 'a Lion step of lr');
  const hidden = { param: t.tensor([[1]]), grad: t.tensor([[2]]), momentum: t.zeros([1, 1]), lr: 0.1, weightDecay: 0, factor: 1 };
  t.muonUpdate([hidden], { momentum: 0.9, nesterov: true, iterations: 5 });
  equal(hidden.param, t.sub(1, t.mul(t.orthogonalize(t.ones([1, 1])), 0.1)).dataSync(), 'a Muon step along the orthogonal direction');
  equal(t.clipScale(t.tensor([4]), t.tensor([1]), { maxNorm: 1 }), [1 / 4.000001], 'a quarter of a norm of 4');
  const doubled = t.compile((values) => t.mul(t.tensor(values), 2));
  equal(doubled(Float32Array.of(1, 2)), [2, 4], 'a compiled function');
  doubled.dispose();
  equal(t.withPrecision('f16', () => t.linear(t.tensor([[1, 2]]), t.tensor([[3, 4]]))), [11], 'a product of half precision');
  expect(['webgpu', 'wasm', 'cpu'].includes(t.deviceInUse()), 'a device in use');
  expect(close((await t.globalNorm([t.tensor([3]), t.tensor([4])]).data())[0], 5), 'the norm 5');
  t.overwrite(entry.param, [7]);
  expect(t.valuesInPlace(entry.param)[0] === 7, 'the value written');
  const cacheRows = t.zeros([1, 3, 2]);
  t.writeRows(cacheRows, t.tensor([5, 6], [1, 1, 2]), [1]);
  equal(cacheRows, [0, 0, 5, 6, 0, 0], 'rows written in place');
}

// Trees.
const tree = t.unflatten([['a.weight', t.tensor([1, 2])], ['b', t.tensor([3])]]);
expect(t.countParameters(tree) === 3 && Object.keys(t.flatten(tree)).join() === 'a.weight,b', 'three values under two names');
expect(t.leaves(t.mapLeaves(tree, (leaf) => t.neg(leaf))).length === 2, 'two leaves');
equal(t.withTensors(tree, { b: t.tensor([4]) }).b, [4], 'the tensor put in');
for (const format of [t.bf16(), t.f16(), t.nf4(), t.nf4({ doubleQuantized: true }), t.int4(), t.int4({ asymmetric: true }), t.int8(), t.int8({ asymmetric: true })]) {
  const weight = t.quantizedWeight(Float32Array.of(1, -1, 0, 1), { shape: [2, 2], format });
  expect(Math.abs(t.linear(t.tensor([[2, 3]]), weight).dataSync()[0] + 1) < 0.2, `2 · 1 − 3 in ${format.name}`);
}
const coded = t.quantizedWeightOf({ codes: Int8Array.of(1, 2, 3, 4), scale: Float32Array.of(2) }, { shape: [1, 4], format: t.int8({ blockSize: 4 }) });
equal(t.withExactProducts(() => t.linear(t.tensor([[1, 1, 1, 1]]), coded)), [20], 'the sum of the codes times their scale');
equal(coded.matrix(), [2, 4, 6, 8], 'codes times their scale');
expect((await t.quantizedCodes(coded)).codes.join() === '1,2,3,4', 'the codes again');
const keyCodes = t.headCodes(t.ones([1, 2, 1, 32]), { bits: 8 });
equal(t.attention(t.ones([1, 1, 1, 32]), keyCodes, keyCodes), new Array(32).fill(1), 'attention over codes of ones');
const drawn = t.randomUniform([100], { low: 1, high: 2, seed: 0 }).dataSync();
expect(drawn.every((value) => value >= 1 && value < 2), 'numbers from 1 to below 2');
const seedTensor = t.tensor(t.seedWords(2 ** 40 + 1), [2], 'int32');
equal(t.dropout(t.ones([64]), 0.5, { seed: seedTensor, site: 3 }), t.dropout(t.ones([64]), 0.5, { seed: 2 ** 40 + 1, site: 3 }).dataSync(), 'one mask from a seed in memory');
expect(!t.isWeight(tree.b), 'a tensor, not a weight');

// Safetensors.
const raw = t.fromFloat32(new Float32Array([1, 2]), 'BF16');
const file = t.writeSafetensors([['w', raw]]);
const { tensors } = t.readSafetensors(file);
expect(Array.from(t.toFloat32(tensors.get('w'))).join() === '1,2', 'the values back');
expect(t.parseHeader(file).tensors.has('w') && t.headerLength(file) > 0, 'a header with w');
expect(t.tensorBytes('F32', [2, 3]) === 24, '24 bytes');
const chunks = [];
for await (const chunk of t.writeSafetensorsStream([['w', raw]])) chunks.push(...chunk);
expect(chunks.length === file.length, 'the same file as a stream');
const plan = t.planShards([['a', 6], ['b', 6]], { maxShardBytes: 8 });
const index = t.parseIndex(plan.indexJson);
t.checkShards(index, new Map(index.shardNames.map((shard) => [shard, t.parseHeader(t.writeSafetensors(
  [...index.weightMap].filter(([, name]) => name === shard).map(([name]) => [name, raw])))])));

// GGUF.
const held = { type: 'BF16', shape: [2], data: raw.data };
const gguf = t.writeGguf({ 'general.architecture': 'llama', list: { type: 'array', of: 'u32', value: [1, 2] } }, [['w', held]]);
expect(t.readGguf(gguf).metadata.get('list').value.join() === '1,2' && t.readGguf(gguf).tensors.get('w').data.join() === raw.data.join(), 'keys and bytes back');
let streamed = 0;
for await (const chunk of t.writeGgufStream({}, [['w', { ...held, data: () => raw.data }]])) streamed += chunk.length;
expect(streamed % 32 === 0 && t.ggufBytes('Q4_K', [2, 256]) === 2 * t.GGUF_TYPES.Q4_K.blockBytes, 'padded to 32 bytes');
expect(t.topk(t.tensor([1, 3, 2]), 1).indices.dataSync()[0] === 1, 'the largest');
