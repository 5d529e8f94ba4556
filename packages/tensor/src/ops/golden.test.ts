// Every op, forward and backward, against PyTorch in float64: tests/golden/make/ops.py made the numbers.
import { readFileSync } from 'node:fs';
import { maxError } from '@llm/testing';
import { add, keep, memory, mul, reshape, sum, type Tensor, tensor, transpose } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { useDevice } from '../device/use-device.ts';
import { toFloat32 } from '../safetensors/convert.ts';
import { readSafetensors } from '../safetensors/read.ts';
import { activate } from './activation.ts';
import { attention } from './attention.ts';
import { embed } from './embedding.ts';
import { gated } from './gated.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { logSoftmax } from './log-softmax.ts';
import { rmsNorm } from './rms-norm.ts';
import { rope } from './rope.ts';
import { softmax } from './softmax.ts';

type Named = Record<string, Tensor>;
interface Case {
  readonly name: string;
  readonly attributes: Record<string, number | boolean | null>;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly gradients: string[];
  readonly float32_error: number;
}

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);
const { ops } = JSON.parse(readFileSync(new URL('ops.json', golden), 'utf8')) as { ops: Record<string, { file: string; cases: Case[] }> };

/** PyTorch keeps heads before positions. */
const swap = (x: Tensor): Tensor => transpose(x, [0, 2, 1, 3]);

const rotate = (interleaved: boolean) => ({ q, k, cos: wide, sin: wideSin }: Named): Named => {
  // Its tables have a row for each token and repeat each frequency; ours have the frequencies once.
  const [tables = 0, positions = 0, width = 0] = wide!.shape;
  const half = width / 2;
  const once = (table: Tensor): Tensor => {
    const values = table.dataSync();
    return tensor(Float32Array.from({ length: tables * positions * half }, (_, i) =>
      values[Math.floor(i / half) * width + (interleaved ? 2 * (i % half) : i % half)]!), [tables * positions, half]);
  };
  const batch = q!.shape[0]!;
  const rows = Int32Array.from({ length: batch * positions }, (_, i) => (tables === 1 ? i % positions : i));
  const rotation = { cos: once(wide!), sin: once(wideSin!), interleaved };
  const turn = (x: Tensor): Tensor => swap(rope(swap(x), rotation, { positions: tensor(rows, [batch, positions], 'int32') }));
  return { q_output: turn(q!), k_output: turn(k!) };
};

const crossEntropyOptions = ({ ignore_index, label_smoothing, z_loss }: Case['attributes']) =>
  ({ ignoreIndex: Number(ignore_index), labelSmoothing: Number(label_smoothing), zLoss: Number(z_loss) });

const runs: Record<string, (inputs: Named, attributes: Case['attributes']) => Named> = {
  layer_norm: ({ x, weight, bias }, { eps }) => ({ output: layerNorm(x!, weight!, { eps: Number(eps), ...(bias && { bias }) }) }),
  rms_norm: ({ x, weight }, { eps, weight_offset }) => ({ output: rmsNorm(x!, weight_offset === 0 ? weight! : add(weight!, Number(weight_offset)), { eps: Number(eps) }) }),
  softmax: ({ x }) => ({ output: softmax(x!) }),
  log_softmax: ({ x }) => ({ output: logSoftmax(x!) }),
  gelu_tanh: ({ x }) => ({ output: activate(x!, 'geluTanh') }),
  gelu_erf: ({ x }) => ({ output: activate(x!, 'gelu') }),
  silu: ({ x }) => ({ output: activate(x!, 'silu') }),
  relu_squared: ({ x }) => ({ output: activate(x!, 'relu2') }),
  silu_gated: ({ gate, up }) => ({ output: gated(gate!, up!) }),
  gelu_tanh_gated: ({ gate, up }) => ({ output: gated(gate!, up!, { activation: 'geluTanh' }) }),
  embedding: ({ ids, weight }) => ({ output: embed(ids!, weight!) }),
  linear: ({ x, weight, bias }) => ({ output: linear(x!, weight!, { bias }) }),
  rope_half: rotate(false),
  rope_interleaved: rotate(true),
  attention: ({ q, k, v, segments, bias }, { causal, window, scale }) => ({
    output: swap(attention(swap(q!), swap(k!), swap(v!), {
      causal: causal === true, window: Number(window ?? 0), scale: Number(scale), segments, bias: bias && reshape(bias, [1, ...bias.shape]),
    })),
  }),
  // The logits are those of an identity as the head.
  cross_entropy: ({ logits, targets }, attributes) => {
    const classes = logits!.shape.at(-1)!;
    const identity = tensor(Float32Array.from({ length: classes ** 2 }, (_, i) => Number(i % (classes + 1) === 0)), [classes, classes]);
    return { output: linearCrossEntropy(logits!, identity, targets!, crossEntropyOptions(attributes)) };
  },
  linear_cross_entropy: ({ x, weight, targets }, attributes) => ({ output: linearCrossEntropy(x!, weight!, targets!, crossEntropyOptions(attributes)) }),
};

test('every op of the fixtures has a run here', () => {
  expect(Object.keys(runs).sort()).toEqual(Object.keys(ops).sort());
});

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  let before = 0;
  beforeAll(async () => {
    await useDevice(device, device === 'wasm' ? { threads: 2 } : {});
    before = memory().numTensors;
  });

  describe.each(Object.entries(ops))('%s', (op, { file, cases }) => {
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(new URL(file, golden))));

    test.each(cases)('$name', ({ name, attributes, inputs, outputs, gradients, float32_error: float32Error }) => {
      const expected = (key: string): Float32Array => toFloat32(tensors.get(`${name}.${key}`)!);
      const load = (key: string): Tensor => {
        const raw = tensors.get(`${name}.${key}`)!;
        return raw.dtype === 'I32'
          ? tensor(new Int32Array(raw.data.slice().buffer), [...raw.shape], 'int32')
          : tensor(toFloat32(raw), [...raw.shape]);
      };
      const given = Object.fromEntries(inputs.map((key) => [key, load(key)]));
      const wanted = gradients.filter((key) => !(op === 'attention' && key === 'grad_bias'));
      const { value, grads } = valueAndGrad((params: Named) => {
        const found = runs[op]!(params, attributes);
        for (const y of Object.values(found)) keep(y);
        const terms = outputs.map((key) => sum(mul(found[key]!, load(`grad_${key}`))));
        return { loss: terms.reduce((a, b) => add(a, b)), found };
      }, { trainable: (path) => wanted.includes(`grad_${path}`) })(given);
      const { found } = value as unknown as { found: Named };
      const compare = (key: string, actual: Tensor): void => {
        expect(actual.shape, key).toEqual(tensors.get(`${name}.${key}`)!.shape);
        const values = expected(key);
        // A kernel in float32 may be as wrong as PyTorch's own, a few times over. The floor is five roundings: engines with a
        // fused multiply-add round elsewhere than those without, and both must pass.
        const largest = Math.max(1, ...values.map((one) => (Number.isFinite(one) ? Math.abs(one) : 0)));
        const { absolute, index } = maxError(actual.dataSync(), values);
        expect(absolute / largest, `${key}[${index}]: ${values[index]} but found ${actual.dataSync()[index]}`).toBeLessThanOrEqual(6e-7 + 4 * float32Error);
      };
      for (const key of outputs) compare(key, found[key]!);
      for (const key of wanted) compare(key, grads[key.slice('grad_'.length)]!);
      for (const each of [...Object.values(given), ...Object.values(found), ...Object.values(grads), value.loss]) each.dispose();
    });
  });

  test('nothing is left behind', () => { expect(memory().numTensors).toBe(before); });
});
