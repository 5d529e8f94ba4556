import * as l from '@llm/lora';
import { createModel } from '@llm/model';
import * as t from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expect } from '../expect.mjs';

await t.useDevice('wasm');
const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 16, n_embd: 16, n_head: 2, n_layer: 2 });
const base = model.init(1);
const ids = () => t.tensor([1, 2, 3], [1, 3], 'int32');
const logits = (params, of = model) => Array.from(t.scope(() => of.apply(params, { ids: ids() }).dataSync()));
const near = (a, b, tolerance = 1e-4) => a.every((value, i) => Math.abs(value - b[i]) <= tolerance);
const plain = logits(base);

const learn = async (params, { of = model, optimizer = adamw({ lr: 0.02 }), after = () => undefined } = {}) => {
  const loss = (p, batch, { denominator }) => t.linearCrossEntropy(of.hidden(p, { ids: ids() }), of.head(p), t.tensor([2, 3, 4], [1, 3], 'int32'), { denominator });
  const losses = [];
  for await (const step of train({ params, loss: l.dropoutLoss(loss), batches: Array.from({ length: 8 }, () => ({ targetCount: 1 })), optimizer, trainable: l.trainable(params) })) {
    losses.push(step.loss);
    await after(step.index);
  }
  expect(losses.at(-1) < losses[0], `a smaller loss but found ${losses}`);
  return params;
};

// Every kind begins as the identity, learns, and goes through PEFT's files where PEFT has it.
const targets = { targets: ['c_attn', 'c_fc'], rank: 2 };
const kinds = {
  lora: l.lora(base, { ...targets, dropout: 0.1, init: l.gaussian }), rsLora: l.lora(base, { ...targets, rsLora: true, init: l.kaiming }), dora: l.lora(base, { ...targets, dora: true, modulesToSave: ['ln_f'] }),
  pissa: await l.pissa(base, targets), olora: await l.olora(base, targets), ia3: l.ia3(base, { modelType: 'gpt2' }), bottleneck: l.bottleneck(base, { modelType: 'gpt2', width: 2 }),
};
for (const [kind, params] of Object.entries(kinds)) {
  expect(near(logits(params), plain), `${kind} to begin as the identity`);
  await learn(params, { optimizer: adamw({ lr: 0.02, lrScale: (path) => l.loraPlus()(path) * l.layerRates({ layers: 2 })(path) }) });
  const adapter = l.adapterOf(params);
  expect(Object.keys(l.adapterTensors(adapter)).length > 0, 'tensors of the adapter');
  if (kind === 'bottleneck') continue;
  const below = l.detach(params);
  const read = l.readPeft(await l.writePeft(adapter, { baseModel: 'tiny', modules: l.modulesOf(base).map(({ name }) => name) }));
  expect(read.config.base_model_name_or_path === 'tiny', 'the base');
  expect(near(logits(l.attach(below, read.adapter)), logits(params)), `${kind} to be read as it was written`);
  expect(near(logits(await l.merge(params)), logits(params)), `${kind} merged`);
  l.disposeAdapter(read.adapter);
}
expect(near(logits(l.detach(kinds.lora)), plain, 0), 'the base again');
expect(l.peftConfig(l.adapterOf(kinds.lora)).peft_type === 'LORA' && l.readPeft(await l.writePeft(l.adapterOf(kinds.lora))).config.r === 2, 'a configuration');
expect(l.isAdapterWeight(kinds.lora.transformer.h[0].attn.c_attn.weight), 'a weight of an adapter');
const layer = Object.values(l.adapterOf(kinds.lora).layers)[0];
expect(l.isLoraLayer(layer) && l.scalingOf(layer.settings) === 4 && l.loraLayer(layer, layer.settings).scaling === 4, 'α/r');
const tags = [l.isIa3Layer, l.isBottleneckLayer, l.isAdaloraLayer].map((is) => is(layer));
expect(!tags.includes(true) && l.ia3Layer(t.ones([2, 1]), { fits: [2, 2], feedforward: false, fanInFanOut: false }).kind === 'ia3', 'kinds');
expect(near(logits(l.withDropout(kinds.rsLora, 1)), logits(kinds.rsLora), 0), 'nothing drops by default');
expect(l.defaultTargets('llama').join() === 'q_proj,v_proj', 'the defaults of PEFT');
const since = l.relativeTo(l.adapterOf(kinds.pissa), l.adapterOf(await l.pissa(base, targets)));
expect(near(logits(l.attach(base, since)), logits(kinds.pissa), 1e-3), 'what PiSSA learned');
expect(near(logits(l.unmerge(await l.merge(kinds.lora), l.adapterOf(kinds.lora))), plain), 'unmerged');

const ada = l.adalora(base, { targets: ['c_attn'], initialRank: 4 });
const allocator = l.adaloraAllocator(ada, { targetRank: 2, steps: 8 });
await learn(ada, { optimizer: allocator.watch(adamw({ lr: 0.02, weightDecay: 0 })), after: allocator.allocate });
expect(Object.values(await allocator.kept()).flat().filter(Boolean).length <= 4 && l.orthogonality(ada).dataSync()[0] > 0, 'half of the ranks');

// Four bits below.
const small = l.lora(await l.quantizeBase(base), targets);
await learn(small);
const { params: again, errors } = await l.mergeQuantized(small);
expect(Object.keys(errors).length === 4 && near(logits(again), logits(small), 1), 'what requantizing loses');

// Virtual tokens.
for (const params of [await l.promptTuning(base, { tokens: 2 }), l.pTuning(base, { tokens: 2 }), l.prefixTuning(base, { tokens: 2, model })]) {
  const prompted = l.prompted(model);
  await learn(params, { of: prompted });
  expect(near(logits(l.readPrompt(base, await l.writePrompt(params, { model })), prompted), logits(params, prompted)), 'read as written');
}

// Two adapters: combined, swapped in place, kept for users.
const [one, two] = [1, 2].map((seed) => l.adapterOf(l.lora(base, { ...targets, seed })));
const weights = [0.5, 0.5];
for (const mix of [l.linearMix, l.ties({ density: 0.5 }), l.dareLinear({ density: 0.5 }), l.dareTies({ density: 0.5 }), l.magnitudePrune({ density: 0.5 })]) {
  expect(near(logits(l.attach(base, await l.combineFactors([one, two], { weights, mix }))), plain), 'B is still zero');
}
expect(near(logits(l.attach(base, await l.combineProducts([one, two], { weights }))), plain) && near(logits(l.attach(base, l.combineStacked([one, two], { weights }))), plain), 'B is still zero');
l.swapAdapter(kinds.lora, two);
expect(near(logits(kinds.lora), plain, 0), 'swapped');
const registry = l.adapterRegistry(base, { maxBytes: 1e6 });
await registry.put('ada', one);
expect(await registry.use('ada', (params) => near(logits(params), plain, 0)), 'the adapter of a user');
await registry.close();

const stacked = l.lora(l.attach(base, two), targets);
expect(l.orthogonalPenalty(stacked).dataSync()[0] > 0, 'adapters over each other');
expect([...l.recall([1, 2], { earlier: [[0]] })].length >= 2 && l.retention([[1]]).average === 1, 'tasks one after the other');
expect(l.gradualUnfreezing({ layers: l.layerCount(base), stepsPerLayer: 1, steps: 3 }).length === 3, 'from the top');
expect(l.adapterReport(stacked).trained === 2 * 2 * (16 + 48 + 16 + 64) && l.adviseRank(base, targets).rank === 16, 'numbers');
const gguf = await l.loraGguf(two, { modelType: 'gpt2', heads: 2, kvHeads: 2 });
expect(new TextDecoder().decode(gguf.subarray(0, 4)) === 'GGUF', 'a GGUF file');
try {
  l.lora(base, { targets: ['query'] });
  expect(false, 'an error');
} catch (error) {
  expect(error instanceof l.LoraError && error.message.includes('c_attn'), `the modules that there are but found ${error.message}`);
}
