import * as t from '@llm/tensor';
import { numbers } from '@llm/testing';

export type Op = (...inputs: t.Tensor[]) => t.Tensor;
const int32 = (...values: number[]): t.Tensor => t.tensor(values, [values.length], 'int32');
const tables = () => ({ cos: t.tensor(numbers(6, 1), [3, 2]), sin: t.tensor(numbers(6, 2), [3, 2]) });

/** Every op of @llm/tensor with the shapes of its inputs. */
export const ops: Record<string, [Op, ...number[][]]> = {
  linear: [(x, w, b, r) => t.linear(x!, w!, { bias: b, activation: 'gelu', residual: r }), [5, 7], [6, 7], [6], [5, 6]],
  activate: [(x) => t.activate(x!, 'silu'), [3, 7]],
  gated: [(gate, up) => t.gated(gate!, up!), [3, 7], [3, 7]],
  rmsNorm: [(x, w) => t.rmsNorm(x!, w!), [4, 9], [9]],
  layerNorm: [(x, w, bias) => t.layerNorm(x!, w!, { bias: bias! }), [4, 9], [9], [9]],
  softmax: [(x) => t.softmax(x!), [4, 9]],
  logSoftmax: [(x) => t.logSoftmax(x!), [4, 9]],
  rope: [(x) => t.rope(x!, tables()), [2, 3, 2, 5]],
  attention: [(q, k, v) => t.attention(q!, k!, v!), [2, 5, 4, 3], [2, 5, 2, 3], [2, 5, 2, 3]],
  embed: [(table) => t.embed(int32(1, 1, 3, 0), table!), [5, 6]],
  linearCrossEntropy: [(h, w) => t.linearCrossEntropy(h!, w!, int32(0, 6, -100), { labelSmoothing: 0.1, zLoss: 0.01 }), [3, 5], [7, 5]],
  linearLogProbs: [(h, w) => t.linearLogProbs(h!, w!, Int32Array.of(0, 6, -100), { temperature: 0.7 }).logProbs, [3, 5], [7, 5]],
  dropout: [(x) => t.dropout(x!, 0.5, { seed: 3 }), [50]],
  einsum: [(a, b) => t.einsum('bij,kj->bki', a!, b!), [2, 3, 4], [5, 4]],
  checkpointed: [t.checkpointed((x, w) => t.mul(t.rmsNorm(x!, w!), x!)), [3, 5], [5]],
  'matMul, broadcast': [(a, b) => t.matMul(a!, b!), [2, 3, 4], [1, 4, 5]],
  'gather, where, pad': [(a) => t.pad(t.where(t.tensor([true, false, true], [3], 'bool'), t.gather(a!, int32(2, 0, 2)), t.zeros([3])), [[1, 2]]), [4]],
  'concat, slice, transpose': [(a, b) => t.transpose(t.slice(t.concat([a!, b!], 1), [0, 1], [2, 3])), [2, 3], [2, 2]],
  'large enough for all threads': [(x, w) => t.linear(x!, w!), [130, 65], [140, 65]],
};

/** Values and gradients, in order, on the device in use. */
export async function runOp([op, ...shapes]: [Op, ...number[][]]): Promise<Float32Array[]> {
  const params = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, t.tensor(numbers(shape.reduce((a, b) => a * b, 1), i), shape)]));
  const { value, grads } = t.valueAndGrad((p: Record<string, t.Tensor>) => t.sum(t.square(op(...Object.values(p)))))(params);
  const found = await Promise.all([value, ...Object.keys(params).map((name) => grads[name]!)].map(async (each) => (await each.data()).slice() as Float32Array));
  value.dispose();
  t.disposeTree(grads);
  t.disposeTree(params);
  return found;
}
