import {
  BINARY_OPERATIONS, binary, BROADCASTS, type BinaryOperation, castToFloat32, castToInt32, concat, type Kernel, matmul, reduceRows,
  REDUCTIONS, type Reduction, slice, sumColumns, transpose, UNARY_OPERATIONS, unary, type UnaryOperation,
} from '@llm/kernels';
import {
  backend_util, broadcast_util, getKernel, type KernelFunc, type NamedAttrMap, registerKernel, slice_util, type TensorInfo, unregisterKernel, util,
} from '@tensorflow/tfjs-core';
import type { Info, OwnBackend } from './own-backend.ts';
import { WasmBackend } from './wasm-backend.ts';

type Attributes = Readonly<Record<string, unknown>>;
type Inputs = Readonly<Record<string, TensorInfo>>;
/** Our way to do a tfjs kernel, or undefined where the case is left to tfjs's own. */
type Way = (inputs: Inputs, attrs: Attributes, backend: OwnBackend) => Info | Info[] | undefined;

/** Runs one of our kernels on tensors of the backend; the last output is returned. */
function run(backend: OwnBackend, kernel: Kernel, inputs: Inputs, dims: Record<string, number>, uniforms: Record<string, number>, output: Info, port: string = 'y'): Info {
  const at: Record<string, object> = { [port]: output.dataId };
  for (const [name, { dataId }] of Object.entries(inputs)) at[name] = dataId;
  backend.launch(kernel, { at, dims: { ...dims, ...kernel.derive?.(dims, { ...kernel.uniforms, ...uniforms }) }, uniforms });
  return output;
}

const sizeOf = ({ shape }: TensorInfo): number => util.sizeFromShape(shape);

/** How an operand covers [rows, cols]: all of it, one row, one column, or one number; undefined for any other way. */
function broadcastOf(shape: readonly number[], out: readonly number[], rows: number, cols: number): number | undefined {
  const size = util.sizeFromShape([...shape]);
  if (size === rows * cols) return BROADCASTS.none;
  if (size === 1) return BROADCASTS.scalar;
  if (size === cols && shape.at(-1) === out.at(-1)) return BROADCASTS.row;
  if (size === rows && shape.at(-1) === 1 && shape.length === out.length) return BROADCASTS.column;
  return undefined;
}

const binaryWay = (op: BinaryOperation): Way => ({ a, b }, _attrs, backend) => {
  if (a!.dtype !== 'float32' || b!.dtype !== 'float32') return undefined;
  const shape = broadcast_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
  const size = util.sizeFromShape(shape);
  const same = sizeOf(a!) === size && sizeOf(b!) === size;
  const cols = same ? size : shape.at(-1) ?? 1;
  const rows = cols === 0 ? 0 : size / cols;
  const broadcastA = broadcastOf(a!.shape, shape, rows, cols);
  const broadcastB = broadcastOf(b!.shape, shape, rows, cols);
  if (broadcastA === undefined || broadcastB === undefined) return undefined;
  return run(backend, binary, { a: a!, b: b! }, { rows, cols }, { op: BINARY_OPERATIONS[op], broadcastA, broadcastB }, backend.output(shape));
};

const unaryWay = (op: UnaryOperation): Way => ({ x }, _attrs, backend) => (x!.dtype === 'float32'
  ? run(backend, unary, { x: x! }, { size: sizeOf(x!) }, { op: UNARY_OPERATIONS[op] }, backend.output(x!.shape))
  : undefined);

/** A reduction over the last axes, the first axes, or all. */
const reduceWay = (op: Reduction): Way => ({ x }, attrs, backend) => {
  if (x!.dtype !== 'float32') return undefined;
  const { shape } = x!;
  const axes = util.parseAxisParam((attrs['axis'] ?? attrs['reductionIndices']) as number | number[], shape).toSorted((a, b) => a - b);
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const reduced = axes.reduce((product, axis) => product * shape[axis]!, 1);
  const outer = kept.reduce((product, axis) => product * shape[axis]!, 1);
  if (reduced === 0) return undefined;
  const outShape = attrs['keepDims'] ? shape.map((size, i) => (axes.includes(i) ? 1 : size)) : kept.map((i) => shape[i]!);
  const last = kept.every((axis) => axis < axes[0]!);
  const first = kept.every((axis) => axis > axes.at(-1)!);
  if (last) return run(backend, reduceRows, { x: x! }, { rows: outer, cols: reduced }, { op: REDUCTIONS[op] }, backend.output(outShape));
  if (first && op === 'sum') return run(backend, sumColumns, { x: x! }, { rows: reduced, cols: outer }, {}, backend.output(outShape));
  return undefined;
};

/** A shape and its like padded with ones in front to four axes; undefined for more. */
function fourAxes(shape: readonly number[]): [number, number, number, number] | undefined {
  return shape.length > 4 ? undefined : [...Array<number>(4 - shape.length).fill(1), ...shape] as [number, number, number, number];
}

const words = (dtype: string): dtype is 'float32' | 'int32' => dtype === 'float32' || dtype === 'int32';

/** The block of x from `begin` on, or undefined where it has more than four axes or does not fit. */
function cut(backend: OwnBackend, x: TensorInfo, begin: readonly number[], size: readonly number[]): Info | undefined {
  const shape = fourAxes(x.shape);
  if (shape === undefined || !words(x.dtype) || begin.length !== x.shape.length) return undefined;
  if (size.some((count, i) => count < 0 || begin[i]! < 0 || begin[i]! + count > x.shape[i]!)) return undefined;
  const [n0, n1, n2, n3] = shape;
  const [m0, m1, m2, m3] = fourAxes(size)!;
  const [s0, s1, s2, s3] = [...Array<number>(4 - begin.length).fill(0), ...begin] as [number, number, number, number];
  return run(backend, slice, { x }, { n0, n1, n2, n3, m0, m1, m2, m3 }, { s0, s1, s2, s3 }, backend.output([...size], x.dtype));
}

const ways: Readonly<Record<string, Way>> = {
  Add: binaryWay('add'), Sub: binaryWay('sub'), Multiply: binaryWay('mul'), RealDiv: binaryWay('div'), Maximum: binaryWay('maximum'), Minimum: binaryWay('minimum'),
  Neg: unaryWay('neg'), Square: unaryWay('square'), Sqrt: unaryWay('sqrt'), Rsqrt: unaryWay('rsqrt'), Exp: unaryWay('exp'), Log: unaryWay('log'),
  Abs: unaryWay('abs'), Tanh: unaryWay('tanh'), Sigmoid: unaryWay('sigmoid'), Reciprocal: unaryWay('reciprocal'), Relu: unaryWay('relu'),
  Sum: reduceWay('sum'), Mean: reduceWay('mean'), Max: reduceWay('max'),
  BatchMatMul: ({ a, b }, { transposeA, transposeB }, backend) => {
    if (a!.dtype !== 'float32' || b!.dtype !== 'float32' || a!.shape.length < 2 || b!.shape.length < 2) return undefined;
    const m = a!.shape.at(transposeA ? -1 : -2)!;
    const k = a!.shape.at(transposeA ? -2 : -1)!;
    const n = b!.shape.at(transposeB ? -2 : -1)!;
    const outer = a!.shape.slice(0, -2);
    const batch = util.sizeFromShape(outer);
    const batchB = util.sizeFromShape(b!.shape.slice(0, -2));
    if (batchB !== batch && batchB !== 1) return undefined;
    const broadcastB = Number(batchB !== batch);
    return run(
      backend, matmul, { a: a!, b: b! }, { batch, m, n, k, aSize: batch * m * k, bSize: batchB * n * k },
      { transposeA: Number(transposeA), transposeB: Number(transposeB), broadcastB }, backend.output([...outer, m, n]), 'c',
    );
  },
  Transpose: ({ x }, { perm }, backend) => {
    const shape = fourAxes(x!.shape);
    if (shape === undefined || !words(x!.dtype)) return undefined;
    const shift = 4 - x!.shape.length;
    const order = [0, 1, 2, 3].map((axis) => (axis < shift ? axis : (perm as number[])[axis - shift]! + shift));
    const [n0, n1, n2, n3] = shape;
    return run(
      backend, transpose, { x: x! }, { n0, n1, n2, n3 }, { p0: order[0]!, p1: order[1]!, p2: order[2]!, p3: order[3]! },
      backend.output((perm as number[]).map((axis) => x!.shape[axis]!), x!.dtype),
    );
  },
  // A number stands for the first axis, and what is left out for the rest of each.
  Slice: ({ x }, { begin, size }, backend) => {
    const [begins = [], sizes = []] = slice_util.parseSliceParams(x!, begin as number | number[], size as number | number[]);
    slice_util.assertParamsValid(x!, begins, sizes);
    return cut(backend, x!, begins, sizes);
  },
  SplitV: ({ x }, { numOrSizeSplits, axis }, backend) => {
    const at = util.parseAxisParam(axis as number, x!.shape)[0]!;
    const sizes = backend_util.prepareSplitSize(x as never, numOrSizeSplits as number | number[], at);
    const parts: Info[] = [];
    let start = 0;
    for (const size of sizes) {
      const part = cut(backend, x!, x!.shape.map((_, i) => (i === at ? start : 0)), x!.shape.map((whole, i) => (i === at ? size : whole)));
      if (part === undefined) return undefined;
      parts.push(part);
      start += size;
    }
    return parts;
  },
  Concat: (inputs, { axis }, backend) => {
    const parts = Object.values(inputs).filter((part) => sizeOf(part) > 0);
    const [first] = parts;
    if (first === undefined || !words(first.dtype) || parts.some(({ dtype }) => dtype !== first.dtype)) return undefined;
    const at = util.parseAxisParam(axis as number, first.shape)[0]!;
    const outer = util.sizeFromShape(first.shape.slice(0, at));
    const shape = first.shape.map((size, i) => (i === at ? parts.reduce((sum, part) => sum + part.shape[at]!, 0) : size));
    const output = backend.output(shape, first.dtype);
    const total = util.sizeFromShape(shape) / outer;
    let offset = 0;
    for (const part of parts) {
      const inner = sizeOf(part) / outer;
      run(backend, concat, { x: part, into: output }, { outer, inner, total }, { offset }, output);
      offset += inner;
    }
    return output;
  },
  Cast: ({ x }, { dtype }, backend) => {
    if (x!.dtype === 'float32' && dtype === 'int32') return run(backend, castToInt32, { x: x! }, { size: sizeOf(x!) }, {}, backend.output(x!.shape, 'int32'));
    // tfjs's own keeps the values as they are, which here are bytes.
    if (backend instanceof WasmBackend && x!.dtype === 'bool' && (dtype === 'float32' || dtype === 'int32')) {
      const output = backend.output(x!.shape, dtype);
      const size = sizeOf(x!);
      const to = backend.address(output.dataId);
      const from = backend.device.u8(backend.address(x!.dataId), size);
      (dtype === 'int32' ? backend.device.i32(to, size) : backend.device.f32(to, size)).set(from);
      return output;
    }
    // On a card truth values are whole words, and tfjs's own only calls them otherwise.
    if ((x!.dtype === 'int32' || x!.dtype === 'bool') && dtype === 'float32') return run(backend, castToFloat32, { x: x! }, { size: sizeOf(x!) }, {}, backend.output(x!.shape));
    return undefined;
  },
  // One by one: tfjs's own binds all inputs at once, more than a graphics card may have bindings.
  AddN: (inputs, _attrs, backend) => {
    const [first, ...others] = Object.values(inputs) as (TensorInfo & Info)[];
    const add = (a: TensorInfo, b: TensorInfo): Info => (getKernel('Add', backend.name).kernelFunc({ inputs: { a, b }, backend, attrs: {} } as never) as Info);
    if (others.length === 0) return undefined;
    let sum: Info = first!;
    for (const [i, part] of others.entries()) {
      const next = add(sum, part);
      if (i > 0) backend.discard(sum);
      sum = next;
    }
    return sum;
  },
};

/** Registers our kernels in the place of tfjs's, which stay behind them for the cases that ours leave. */
export function overrideKernels(backendName: OwnBackend['name']): void {
  for (const [kernelName, way] of Object.entries(ways)) {
    const plain = getKernel(kernelName, backendName).kernelFunc;
    unregisterKernel(kernelName, backendName);
    const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) => (
      way(inputs as unknown as Inputs, (attrs ?? {}) as Attributes, backend as unknown as OwnBackend) ?? plain({ inputs, attrs: attrs as NamedAttrMap, backend } as never)
    ) as TensorInfo;
    registerKernel({ kernelName, backendName, kernelFunc });
  }
}
