// The kernels of one or two inputs beside torch's: softmax, layer norm, embedding, activations and gates.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectClose } from '@llm/testing';
import { type GoldenTensor, readGolden } from '@llm/testing/node';
import { checkDevices, countCase } from '../check-devices.ts';
import { ACTIVATIONS } from '../common/activation.ts';
import { embedding, embeddingBackward } from '../embedding/embedding.ts';
import { gated, gatedBackward } from '../gated/gated.ts';
import { type Kernel, portShape } from '../kernel.ts';
import { layerNorm, layerNormBackward } from '../layer-norm/layer-norm.ts';
import { logSoftmax, logSoftmaxBackward } from '../softmax/log-softmax.ts';
import { softmax, softmaxBackward } from '../softmax/softmax.ts';
import { activation, activationBackward } from './activation.ts';

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);

const { ops } = JSON.parse(readFileSync(new URL('ops.json', golden), 'utf8')) as {
  ops: Record<string, { cases: { name: string; attributes: { eps?: number }; float32_error: number }[] }>;
};

const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
const flat = (names: string) => (find: (port: string) => GoldenTensor): Record<string, number> => ({ count: size(find(names).shape) });
const rowwise = (find: (port: string) => GoldenTensor): Record<string, number> => {
  const { shape } = find('x');
  return { rows: size(shape.slice(0, -1)), cols: shape.at(-1)! };
};

/** An operation of torch's: our two kernels, their sizes, and which of our ports holds which of its tensors. */
interface Operation {
  readonly kernels: readonly [Kernel, Kernel];
  readonly dims: (find: (port: string) => GoldenTensor) => Record<string, number>;
  readonly uniforms?: Readonly<Record<string, number>>;
  readonly ports: Readonly<Record<string, string>>;
}

const one = { kernels: [activation, activationBackward], dims: flat('x'), ports: { x: 'x', dx: 'grad_x' } } as const;
const gate = { kernels: [gated, gatedBackward], dims: flat('gate'), ports: { gate: 'gate', up: 'up', dgate: 'grad_gate', dup: 'grad_up' } } as const;

const operations: Readonly<Record<string, Operation>> = {
  softmax: { kernels: [softmax, softmaxBackward], dims: rowwise, ports: { x: 'x', dx: 'grad_x' } },
  log_softmax: { kernels: [logSoftmax, logSoftmaxBackward], dims: rowwise, ports: { x: 'x', dx: 'grad_x' } },
  layer_norm: {
    kernels: [layerNorm, layerNormBackward], dims: rowwise,
    ports: { x: 'x', weight: 'weight', bias: 'bias', dx: 'grad_x', dweight: 'grad_weight', dbias: 'grad_bias' },
  },
  embedding: {
    kernels: [embedding, embeddingBackward], ports: { table: 'weight', ids: 'ids', dtable: 'grad_weight' },
    dims: (find) => ({ vocab: find('weight').shape[0]!, width: find('weight').shape[1]!, count: size(find('ids').shape) }),
  },
  gelu_tanh: { ...one, uniforms: { activation: ACTIVATIONS.geluTanh } },
  gelu_erf: { ...one, uniforms: { activation: ACTIVATIONS.gelu } },
  silu: { ...one, uniforms: { activation: ACTIVATIONS.silu } },
  relu_squared: { ...one, uniforms: { activation: ACTIVATIONS.relu2 } },
  silu_gated: { ...gate, uniforms: { activation: ACTIVATIONS.silu } },
  gelu_tanh_gated: { ...gate, uniforms: { activation: ACTIVATIONS.geluTanh } },
};

test.each(Object.entries(operations))('%s and its gradients equal torch\'s', async (operation, { kernels, dims, uniforms, ports }) => {
  const all = readGolden(new URL(`${operation}.safetensors`, golden));
  const { cases } = ops[operation]!;
  expect(cases.length).toBeGreaterThan(2);
  for (const { name: device, tolerant = false, run } of await checkDevices()) {
    let compared = 0;
    for (const { name, attributes: { eps }, float32_error: theirError } of cases) {
      const find = (port: string): GoldenTensor => all.get(`${name}.${port}`)!;
      const sizes = dims(find);
      const io: Record<string, Float64Array> = { dy: Float64Array.from(find('grad_output').values) };
      for (const [port, theirs] of Object.entries(ports)) if (!theirs.startsWith('grad_') && all.has(`${name}.${theirs}`)) io[port] = Float64Array.from(find(theirs).values);
      for (const kernel of kernels) {
        for (const port of Object.keys(kernel.outputs)) io[port] = new Float64Array(size(portShape(kernel, port, sizes)));
        const own = { ...kernel.uniforms, ...uniforms, ...(eps !== undefined && 'eps' in kernel.uniforms ? { eps } : {}) };
        const outputs = await run(kernel, { io, dims: sizes, uniforms: own });
        for (const [port, values] of Object.entries(outputs)) io[port] = Float64Array.from(values);
      }
      for (const [port, theirs] of Object.entries({ y: 'output', ...ports })) {
        if ((port !== 'y' && !theirs.startsWith('grad_')) || !all.has(`${name}.${theirs}`)) continue;
        compared++;
        const { values } = find(theirs);
        const largest = Math.max(1, ...Array.from(values, Math.abs));
        // Where torch's own f32 is further off than a few units in the last place, so may ours be.
        const tolerance = Math.max(tolerant ? 1e-5 : 4e-6, 2 * theirError);
        const [actual, expected] = [io[port]!, values].map((each) => Float32Array.from(each, (value) => value / largest)) as [Float32Array, Float32Array];
        expectClose(actual, expected, { tolerance, name: `${operation}.${name}.${theirs} on ${device}` });
      }
      countCase(device);
    }
    expect(compared).toBeGreaterThanOrEqual(2 * cases.length);
  }
});
