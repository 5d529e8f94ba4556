// Our models with their matrices, and the states before them, rounded as an ONNX file rounds them: what its logits are compared with.
import { linearsOf, packNBits, unpackNBits } from '@llm/quantize';
import { embed, linear, mapLeaves, tensor } from '@llm/tensor';

const even = (value) => {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};

/** A matrix [out, in] in the place of a leaf: `around` rounds the states before it, `table` is what embeddings are read from. */
function weight(values, { shape, table, around = (x) => x }) {
  const matrix = tensor(values, shape);
  const self = {
    shape, tensors: { matrix, table }, with: () => self,
    apply: (x) => linear(around(x), matrix),
    rows: (ids) => embed(ids, table),
  };
  return self;
}

/** Every matrix that is multiplied with, replaced; `replace` gets its values as [out, in]. */
function replaced(model, params, replace) {
  const linears = new Map(linearsOf(params).map((each) => [each.path, each]));
  const head = model.shape.tied ? /(wte|embed_tokens)\.weight$/ : /lm_head\.weight$/;
  return mapLeaves(params, (leaf, path) => {
    const found = linears.get(path);
    if (found === undefined && !head.test(path)) return leaf;
    const [outputs, inputs] = found === undefined ? leaf.shape : [found.outputs, found.inputs];
    const plain = leaf.dataSync();
    const values = found?.transposed ? Float32Array.from(plain, (_, i) => plain[(i % inputs) * outputs + Math.floor(i / inputs)]) : plain;
    return replace(values, { path, outputs, inputs, table: leaf });
  });
}

const EMBEDDING = /(wte|wpe|embed_tokens)\.weight$/;

/** As MatMulNBits has it, and GatherBlockQuantized. */
export function asQ4(model, params, { block, symmetric, embeddings = false }) {
  const rounded = (values, { outputs, inputs }) => unpackNBits(packNBits(values, { outputs, inputs, block, symmetric }), { outputs, inputs, block });
  const products = replaced(model, params, (values, { path, outputs, inputs, table }) => {
    const matrix = rounded(values, { outputs, inputs });
    return weight(matrix, { shape: [outputs, inputs], table: embeddings && EMBEDDING.test(path) ? tensor(matrix, table.shape) : table });
  });
  return mapLeaves(products, (leaf, path) => (embeddings && EMBEDDING.test(path) && 'dataId' in leaf
    ? tensor(rounded(leaf.dataSync(), { outputs: leaf.shape[0], inputs: leaf.shape[1] }), leaf.shape) : leaf));
}

function bytes(values, { outputs, inputs, reduceRange }) {
  const out = new Float32Array(values.length);
  for (let output = 0; output < outputs; output++) {
    const row = values.subarray(output * inputs, (output + 1) * inputs);
    const scale = Math.fround(row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / (reduceRange ? 64 : 127));
    row.forEach((value, i) => { out[output * inputs + i] = scale === 0 ? 0 : even(Math.fround(value / scale)) * scale; });
  }
  return out;
}

function onGrid(x, { scale, zero }) {
  const codes = x.dataSync().map((value) => Math.min(255, Math.max(0, even(Math.fround(value / scale)) + zero)));
  return tensor(codes.map((code) => (code - zero) * scale), x.shape);
}

/** DynamicQuantizeLinear: a grid over the states of this call. */
function dynamic(x) {
  const values = x.dataSync();
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), 0), values.reduce((a, b) => Math.max(a, b), 0)];
  const scale = Math.fround(Math.fround(high - low) / 255);
  return onGrid(x, { scale, zero: Math.min(255, Math.max(0, even(Math.fround(-low / scale)))) });
}

/** Embeddings are in bytes too, by rows. */
function inBytes(model, params, { around, reduceRange = false }) {
  const turned = replaced(model, params, (values, { path, outputs, inputs, table }) => {
    const rounded = bytes(values, { outputs, inputs, reduceRange });
    return weight(rounded, { shape: [outputs, inputs], table: EMBEDDING.test(path) ? tensor(rounded, table.shape) : table, around: around(path) });
  });
  return mapLeaves(turned, (leaf, path) => (EMBEDDING.test(path) && 'dataId' in leaf ? tensor(bytes(leaf.dataSync(), { outputs: leaf.shape[0], inputs: leaf.shape[1], reduceRange }), leaf.shape) : leaf));
}

export const asQ8 = (model, params, { reduceRange }) => inBytes(model, params, { around: () => dynamic, reduceRange });

/** QuantizeLinear with ranges that were found before. */
export const asStatic = (model, params, ranges) => inBytes(model, params, { around: (path) => {
  const [low, high] = [Math.min(0, ranges[path].min), Math.max(0, ranges[path].max)];
  const exact = (Math.fround(high) - Math.fround(low)) / 255;
  const grid = { scale: Math.fround(exact), zero: even(-Math.fround(low) / exact) };
  return (x) => onGrid(x, grid);
} });
