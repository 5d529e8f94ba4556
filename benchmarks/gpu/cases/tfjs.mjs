import { matmul } from '@llm/kernels';
import { gpt2 } from '@llm/model';
import { tensor, unflatten, useDevice } from '@llm/tensor';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { copyRegisteredKernels, dispose, env, matMul, registerBackend, setBackend, slice, tensor2d } from '@tensorflow/tfjs-core';
import { gpuArm, launchOn, place, randomValues, tensorCard } from '../card.mjs';
import { compare, versus } from '../compare.mjs';
import { initialValues, millions } from '../model.mjs';
import { trainArm } from './train.mjs';
import { stockGpt } from './tfjs-gpt.mjs';

/** Ours beside tfjs's own WebGPU backend, on the same device: a matrix product, and training of a GPT written in plain operations. */
export async function tfjsCase({ sizes, report }) {
  // Before ours take the place of some.
  copyRegisteredKernels('webgpu', 'stock');
  await useDevice('webgpu');
  const card = tensorCard();
  const stock = openStock(card.gpu);
  registerBackend('stock', () => stock, 1);

  const { product: size, config, batch, length, stepsPerSample } = sizes.tfjs;
  const values = [1, 2].map((seed) => randomValues(size * size, seed));
  const found = await compare([on('webgpu', ourProduct(card, { size, values, timing: sizes.timing })), on('stock', stockProduct({ size, values, timing: sizes.timing }))], sizes.timing);
  report(versus(`matmul ${size}³ f32`, [found.ours, found.tfjs], { unit: 'TFLOP/s', figure: (seconds) => 2 * size ** 3 / seconds / 1e12, peer: 'tfjs-backend-webgpu' }));

  const model = gpt2(config);
  const initial = initialValues(model);
  const setting = { config, batch, length, stepsPerSample };
  await use('webgpu');
  const params = unflatten(initial.map(({ name, shape, values }) => [name, tensor(values, shape)]));
  await use('stock');
  const plain = stockGpt({ ...setting, initial });
  const trained = await compare([on('webgpu', trainArm('ours', { card, model, params, setting })), on('stock', plain)], sizes.timing);
  const [ourLoss, theirLoss] = [trained.ours.facts?.firstLoss, trained.tfjs.facts?.firstLoss];
  if (Math.abs(ourLoss - theirLoss) > 0.02) trained.ours.failed = `expected the same first loss but found ${ourLoss} and ${theirLoss}`;
  report(versus(`training, ${millions(model)}, T ${length}, batch ${batch}, f32`, [trained.ours, trained.tfjs], {
    unit: 'tokens/s', figure: (seconds) => batch * length / seconds, digits: 5, peer: 'tfjs-backend-webgpu',
    note: theirLoss === undefined ? '' : `theirs ${theirLoss.toFixed(3)}`,
  }));
}

/** Makes a backend the one in use, with the switch that it ships with. */
async function use(name) {
  await setBackend(name);
  env().set('WEBGPU_CPU_FORWARD', name === 'stock');
}

/** The arm with its backend in use. */
function on(name, arm) {
  const within = (act) => act && (async () => {
    await use(name);
    return act();
  });
  return { name: arm.name, prepare: within(arm.prepare), sample: within(arm.sample), finish: within(arm.finish) };
}

/** tfjs's backend on our device. It looks for WebGPU where a page has it. */
function openStock({ device, adapter }) {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: true, userAgent: '' }, configurable: true });
  try {
    return new WebGPUBackend(device, adapter.adapter.info);
  } finally {
    if (before === undefined) delete globalThis.navigator;
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}

function ourProduct({ gpu, settle }, { size, values, timing }) {
  const [a, b, c] = [place(gpu, values[0]), place(gpu, values[1]), gpu.alloc(4 * size * size)];
  const run = launchOn(gpu, matmul, { at: { a, b, c }, dims: { batch: 1, m: size, n: size, k: size, aSize: size ** 2, bSize: size ** 2 } });
  return gpuArm('ours', { settle, run, finish: () => { for (const memory of [a, b, c]) gpu.free(memory); } }, timing);
}

function stockProduct({ size, values, timing }) {
  const operands = [];
  let last;
  const run = () => {
    if (operands.length === 0) operands.push(...values.map((each) => tensor2d(each, [size, size])));
    last?.dispose();
    last = matMul(...operands);
  };
  const settle = async () => {
    const part = slice(last, [0, 0], [1, 1]);
    await part.data();
    part.dispose();
  };
  return gpuArm('tfjs', { run, settle, finish: () => dispose([last, ...operands]) }, timing);
}
