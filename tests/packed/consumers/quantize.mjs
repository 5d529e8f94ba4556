import { createModel } from '@llm/model';
import * as it from '@llm/quantize';
import * as t from '@llm/tensor';
import { expect } from '../expect.mjs';

expect(typeof it === 'object', 'a module');

// ONNX: each format is written and read back.
{
  await t.useDevice('wasm');
  const model = createModel({ model_type: 'llama', vocab_size: 32, hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 8 });
  const params = model.init(0);
  const batch = { rows: 1, length: 3, ids: Int32Array.of(1, 2, 3), positions: Int32Array.of(0, 1, 2), segments: new Int32Array(3), packed: false, restarts: false };
  for (const method of [it.minMaxRange(), it.entropyRange({ bins: 256 }), it.percentileRange()]) {
    const ranges = await it.calibrateRanges(model, params, { batches: [batch], method });
    for (const format of [it.onnxFloat32(), it.onnxFloat16(), it.onnxInt8(), it.onnxQ4(), it.onnxQ4F16(), it.onnxQdq({ ranges })]) {
      const exported = it.onnxModel(model, params, { format });
      const file = await it.onnxBytes(exported);
      expect(it.readOnnx(file).outputs.length === 3, `${format.name}: logits and the cache of one layer`);
      expect(it.onnxFiles(exported, { name: 'model.onnx' })[0].bytes === file.length, `${format.name}: its size is known beforehand`);
    }
  }
  const sizes = { outputs: 1, inputs: 16, block: 16, symmetric: true };
  expect(it.unpackNBits(it.packNBits(new Float32Array(16).fill(-2), sizes), sizes)[15] === -2, 'four bits');
  try {
    it.readOnnx(new Uint8Array());
    expect(false, 'an error');
  } catch (error) {
    expect(error instanceof it.OnnxError && error.code === 'E_FILE', `no file, but found ${error.message}`);
  }
}

// GGUF: written and read back, in blocks and by importance.
{
  await t.useDevice('wasm');
  const model = createModel({ model_type: 'llama', vocab_size: 32, hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 8 });
  const params = model.init(0);
  const batch = { rows: 1, length: 3, ids: Int32Array.of(1, 2, 3), positions: Int32Array.of(0, 1, 2), segments: new Int32Array(3), packed: false, restarts: false };
  const importance = await it.importanceOf(model, params, { batches: [batch] });
  const again = it.readImatrix(it.writeImatrix(importance, { model }), { model });
  expect(again.values.size === 7, `seven matrices but found ${again.values.size}`);
  for (const mixture of it.GGUF_MIXTURES) {
    const { entries } = it.planGguf(model, params, { mixture });
    const { model: read, types } = await it.importGguf(await it.exportGguf(model, params, { mixture, importance: importance.values }));
    expect(read.shape.width === 32 && types.size === entries.length, `${mixture}: every tensor comes back`);
  }
  expect(it.ggufTypeOf({ name: 'blk.0.ffn_up.weight', shape: [32, 32] }, { mixture: 'Q4_K_M', layers: 1, heads: 1, kvHeads: 1, tied: false }) === 'Q5_0', 'a row of 32 falls back');
  const blocks = it.quantizeBlocks(new Float32Array(256).fill(-2), { type: 'Q6_K', shape: [256] });
  expect(Math.abs(it.dequantizeBlocks(blocks, { type: 'Q6_K', shape: [256] })[255] + 2) < 0.01, 'six bits');
}

// Methods: fewer bits by each of them, calibrated and not, measured, written in four layouts and read back.
{
  await t.useDevice('wasm');
  const model = createModel({ model_type: 'llama', vocab_size: 32, hidden_size: 32, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 2, max_position_embeddings: 64 });
  const params = model.init(0);
  const ids = Int32Array.from({ length: 64 }, (_, i) => (i * 7 + (i >> 3)) % 32);
  const batch = { rows: 2, length: 32, ids, targets: ids.map((_, i) => (i % 32 === 31 ? -100 : ids[i + 1])), positions: ids.map((_, i) => i % 32), segments: new Int32Array(64), packed: false, restarts: false };
  const batches = [batch];
  const base = { model, params };
  const half = { groupSize: 32, scaleDtype: 'F16' };
  const [first] = it.linearsOf(params);
  expect(it.linearsOf(params).length === 14 && first.inputs === 32, 'fourteen matrices');
  const moments = await it.calibrate(model, params, { batches, moments: ['hessian', 'magnitudes'] });
  const matrix = { rows: 32, cols: 32, values: Float32Array.from(await first.leaf.data()) };
  const alone = await it.gptqMatrix(matrix, moments.get(first.path).hessian, { bits: 4, groupSize: 32, symmetric: true, scaleDtype: 'F32', damping: 0.01, activityOrder: true, staticGroups: true });
  expect(it.dequantized(alone).values.length === 1024 && it.isGroupedWeight(it.groupedWeight(alone)), 'codes that stand for a matrix');
  expect((await it.groupedMatrixOf(it.groupedWeight(alone))).codes.join() === alone.codes.join(), 'the codes again');
  const made = {
    rtn: [(await it.quantize(params, { format: it.rtn(half) })).params, it.compressedTensorsFile],
    hqq: [(await it.quantize(params, { format: it.hqq({ ...half, wholeZeros: true }) })).params, it.compressedTensorsFile],
    gptq: [(await it.quantizeCalibrated(model, params, { method: it.gptq(half), batches })).params, it.gptqFile],
    awq: [(await it.awq(model, params, { ...half, batches })).params, it.awqFile],
    nf4: [(await it.quantize(params, { format: t.nf4() })).params, it.bitsandbytesFile],
  };
  for (const [name, [tree, format]] of Object.entries(made)) {
    const found = await it.divergence(base, { model, params: tree }, { batches });
    expect(found.kld.mean > 0 && found.kld.mean < 0.01 && found.tokens === 62, `${name}: near but not the same, found ${found.kld.mean}`);
    const { tensors, settings } = await it.quantizedTensors(model, tree, { format });
    const { leaves } = await it.quantizedLeaves(model, tensors.keys(), { settings, read: async (key) => ({ ...tensors.get(key), data: new Uint8Array(tensors.get(key).data.buffer, tensors.get(key).data.byteOffset, tensors.get(key).data.byteLength) }) });
    expect(leaves.size === 14, `${name}: read back`);
  }
  const report = await it.qualityReport(base, { model, params: made.rtn[0] }, { batches, decodeTokens: 4 });
  expect(report.layers.length === 4 && report.weights.length === 14 && report.sensitivity.length === 2 && report.bytes.changed < report.bytes.base && it.treeBytes(params) === report.bytes.base, 'a report');
  expect((await it.sensitivity(base, { params: made.rtn[0] }, { batches, by: 'matrix' })).length === 14, 'each matrix');
  expect((await it.layerErrors(base, { model, params: made.gptq[0] }, { batches })).length === 4 && (await it.weightErrors(params, made.gptq[0])).length === 14, 'what moved');
  const smooth = await it.smoothQuant(model, params, { batches });
  expect((await it.divergence(base, { model, params: smooth }, { batches })).kld.maximum < 1e-5, 'the same function');
  const aware = it.fakeQuantized(params, { format: t.int4() });
  const loss = (p) => t.linearCrossEntropy(t.reshape(model.hidden(p, { ids: t.tensor(ids, [2, 32], 'int32') }), [64, 32]), model.head(p), t.tensor(batch.targets, [64], 'int32'), { ignoreIndex: -100, denominator: 62 });
  expect(Object.keys(t.valueAndGrad(loss)(aware).grads).includes('model.layers.0.mlp.up_proj.weight.weight') && t.isWeight((await it.converted(aware)).model.layers[0].mlp.up_proj.weight), 'trained, then converted');
  for (const tree of [
    await it.prune(params, { pruner: it.magnitude() }), await it.pruneCalibrated(model, params, { pruner: it.wanda({ pattern: [2, 4] }), batches }), await it.pruneCalibrated(model, params, { pruner: it.sparseGpt(), batches }),
  ]) {
    const kept = it.releaseZeros(await it.holdZeros(tree));
    const values = await kept.model.layers[0].mlp.up_proj.weight.data();
    expect(values.filter((value) => value === 0).length >= 512, 'half of them');
  }
  const small = it.pruneStructure(model, params, { importance: await it.structureImportance(model, params, { batches }), heads: 1, mlpWidth: 16, layers: 1 });
  expect(small.model.shape.heads === 1 && small.layers.length === 1 && small.model.apply(small.params, { ids: t.tensor([1], [1, 1], 'int32') }).size === 32, 'a smaller model');
}
