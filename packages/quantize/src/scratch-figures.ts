import { readFileSync } from 'node:fs';
import { loadPretrained } from '@llm/model/node';
import { nf4, readSafetensors, useDevice } from '@llm/tensor';
import { awq, divergence, gptq, hqq, magnitude, prune, pruneCalibrated, quantize, quantizeCalibrated, rtn, sensitivity, sparseGpt, treeBytes, wanda, fakeQuantized, converted } from './index.ts';
await useDevice('wasm', { threads: 2 });
const folder = process.argv[2]!;
const { model, params } = await loadPretrained(folder);
const { tensors } = readSafetensors(readFileSync(`${folder}/data/tokens.safetensors`));
const ids = (name: string) => new Int32Array(new Uint8Array(tensors.get(`${name}.ids`)!.data).buffer);
const L = 128;
const rows = (source: Int32Array, from: number, count: number) => {
  const got = Int32Array.from(source.subarray(from * L, (from + count) * L));
  return { rows: count, length: L, ids: got, targets: got.map((_, at) => (at % L === L - 1 ? -100 : got[at + 1]!)), positions: got.map((_, at) => at % L), segments: new Int32Array(got.length), packed: false, restarts: false };
};
const train = ids('train'), val = ids('validation');
const cal = Array.from({ length: 16 }, (_, i) => rows(train, 40 * i, 8)); // 128 rows of 128
const held = Array.from({ length: 12 }, (_, i) => rows(val, 8 * i, 8));
const base = { model, params };
const t = async (name: string, make: () => Promise<any>) => {
  const t0 = performance.now();
  const tree = await make();
  const s = (performance.now() - t0) / 1000;
  const d = await divergence(base, { model, params: tree }, { batches: held });
  console.log(name.padEnd(16), `ppl ${d.basePerplexity.toFixed(2)} → ${d.perplexity.toFixed(2)} (× ${d.perplexityRatio.toFixed(4)})  KLD ${d.kld.mean.toFixed(5)} med ${d.kld.median.toFixed(5)} p99 ${d.kld['99%'].toFixed(4)}  flips ${(100 * d.flips).toFixed(2)} %  ${(treeBytes(tree) / 2 ** 20).toFixed(2)} MiB  ${s.toFixed(1)} s`);
  return tree;
};
console.log('bytes', (treeBytes(params) / 2 ** 20).toFixed(2), 'tokens', held.length * 8 * (L - 1));
for (const bits of [2, 3, 4, 8]) {
  const o = { bits, groupSize: 64 };
  await t(`rtn sym ${bits}`, async () => (await quantize(params, { format: rtn(o) })).params);
  await t(`rtn asym ${bits}`, async () => (await quantize(params, { format: rtn({ ...o, symmetric: false }) })).params);
  await t(`hqq ${bits}`, async () => (await quantize(params, { format: hqq(o) })).params);
  await t(`awq ${bits}`, async () => (await awq(model, params, { ...o, batches: cal })).params);
  await t(`gptq sym ${bits}`, async () => (await quantizeCalibrated(model, params, { method: gptq(o), batches: cal })).params);
  await t(`gptq asym ${bits}`, async () => (await quantizeCalibrated(model, params, { method: gptq({ ...o, symmetric: false }), batches: cal })).params);
}
await t('nf4 64', async () => (await quantize(params, { format: nf4() })).params);
for (const options of [{ sparsity: 0.3 }, { sparsity: 0.5 }, { sparsity: 0.6 }, { pattern: [2, 4] as const }]) {
  const n = JSON.stringify(options);
  await t(`magnitude ${n}`, () => prune(params, { pruner: magnitude(options as any) }));
  await t(`wanda ${n}`, () => pruneCalibrated(model, params, { pruner: wanda(options as any), batches: cal }));
  await t(`sparsegpt ${n}`, () => pruneCalibrated(model, params, { pruner: sparseGpt(options as any), batches: cal }));
}
const three = (await quantize(params, { format: rtn({ bits: 3, groupSize: 64 }) })).params;
console.log((await sensitivity(base, { params: three }, { batches: held.slice(0, 4), by: 'matrix' })).slice(0, 5), await sensitivity(base, { params: three }, { batches: held.slice(0, 4) }));
