import { type Definition, parametersOf } from './definition.ts';
import { createModuleBuilder, type Emitter, type GpuJs, type ModuleBuilder, type Node, nodeOf, type WasmFunctionNode } from './gpujs.ts';
import { readSource, sourceOf } from './read-source.ts';
import type { Make } from './expressions.ts';
import { lowerFunction, type Parameter } from './statements.ts';

/** The functions of Math that the kernels' own binary has for four lanes; the others go through JavaScript, lane by lane. */
const VECTORS: Readonly<Record<string, string>> = { exp: 'portableExp', tanh: 'portableTanh', log: 'portableLog' };
const GATHER = 'portableGather';

/** Where the parameters and variables of a run function lie. */
interface Places {
  readonly input: readonly number[];
  readonly uniform: readonly number[];
  readonly out: number;
  /** The element that the four lanes begin with, and the word of memory its result goes to. */
  readonly cell: number;
  readonly word: number;
}

/**
 * Makes gpu.js's translator work on our memory: inputs and results lie at addresses that are parameters, uniforms are
 * parameters, integers are read as integers, and halves are rounded without adding ½, which rounds by itself.
 */
function onOurMemory(node: WasmFunctionNode, definition: Definition, { input, uniform, cell }: Places): void {
  const { getLookupType, exprIdentifier, vMathCall, emitMathCall } = node;
  Object.assign(node, {
    // How gpu.js calls an array tells which of ours it is: 'Input' is one of integers.
    getLookupType: (type: string) => (type === 'Input' ? 'Integer' : getLookupType.call(node, type)),
    exprIdentifier(identifier: Node) {
      const place = /^u(\d+)$/.exec(identifier.name ?? '')?.[1];
      if (place === undefined) return exprIdentifier.call(node, identifier);
      node.em.localGet(uniform[Number(place)]!);
      return 'f32';
    },
    vGather(_table: string, name: string) {
      const place = Number(name.slice(1));
      const { whole, isInt } = definition.inputs[place]!;
      const at = input[place]!;
      if (whole) node.em.localGet(at).localGet(cell).i32Const(2).i32Shl().i32Add().v128Load(0, 2);
      else node.em.localGet(at).localGet(cell).localGet(at + 1).localGet(at + 2).call(GATHER);
      return isInt ? 'vi32' : 'vf32';
    },
    emitMathCall(name: string, call: Node) {
      if (name !== 'round') return emitMathCall.call(node, name, call);
      const { em } = node;
      const [x, below] = [em.addLocal('f32'), em.addLocal('f32')];
      node.emitByType(call.arguments![0]!, 'f32');
      em.localSet(x).localGet(x).f32Floor().localSet(below);
      em.localGet(below).localGet(x).localGet(below).f32Sub().f32Const(0.5).f32Ge().f32ConvertI32S().f32Add();
      return 'f32';
    },
    vMathCall(name: string, call: Node) {
      const { em } = node;
      if (name === 'round') {
        const [x, below] = [em.addLocal('v128'), em.addLocal('v128')];
        node.vEmitByType(call.arguments![0]!, 'vf32');
        em.localSet(x).localGet(x).f32x4Floor().localSet(below);
        em.localGet(below).localGet(x).localGet(below).f32x4Sub().v128ConstF32x4(0.5, 0.5, 0.5, 0.5).f32x4Ge();
        em.v128ConstF32x4(1, 1, 1, 1).v128And().f32x4Add();
        return 'vf32';
      }
      const vector = VECTORS[name];
      if (vector === undefined) return vMathCall.call(node, name, call);
      node.vEmitByType(call.arguments![0]!, 'vf32');
      em.call(vector);
      return 'vf32';
    },
  });
}

/** Writes `run<output>(begin, end, …)`: the function over the elements [begin, end), four at a time. */
function emitRun(gpujs: GpuJs, builder: ModuleBuilder, definition: Definition, output: number): void {
  const { name, inputs, outputs, uniforms } = definition;
  const params: string[] = ['i32', 'i32'];
  const next = (...types: string[]): number => params.push(...types) - types.length;
  const input = inputs.map(({ whole }) => (whole ? next('i32') : next('i32', 'i32', 'i32')));
  const out = next('i32');
  const uniform = uniforms.map(() => next('f32'));
  const em = builder.addFunction(`run${output}`, { params, results: [] });
  const places: Places = { input, uniform, out, cell: em.addLocal('i32'), word: em.addLocal('i32') };

  const member = (make: Make, object: Node, property: Node, computed: boolean): Node => make('MemberExpression', { object, property, computed });
  const thread = (make: Make): Node => member(make, member(make, make('ThisExpression', {}), make('Identifier', { name: 'thread' }), false), make('Identifier', { name: 'x' }), false);
  const parameters: Parameter[] = parametersOf(definition, {
    input: (place) => (make) => member(make, make('Identifier', { name: `p${place}` }), thread(make), true),
    uniform: (place) => (make) => make('Identifier', { name: `u${place}` }),
    index: thread,
  });
  const source = sourceOf(outputs[output]!.fn);
  const ast = lowerFunction(readSource(gpujs, { name, source }), { name, source, parameters });
  const node = nodeOf(gpujs.WebAssemblyFunctionNode, {
    ast, name: 'kernel', returnType: 'Number', isRootKernel: true, output: [1],
    argumentNames: [...inputs.map((_, i) => `p${i}`), ...uniforms.map((_, i) => `u${i}`)],
    argumentTypes: [...inputs.map(({ isInt }) => (isInt ? 'Input' : 'Array')), ...uniforms.map(() => 'Number')],
  });
  onOurMemory(node, definition, places);
  node.toString();
  emitLoop(em, places, node);
  builder.exportFunction(`run${output}`);
}

/** The loop, with the body that gpu.js writes inside: a return there ends one turn of it. */
function emitLoop(em: Emitter, { out, cell, word }: Places, node: WasmFunctionNode): void {
  em.localGet(0).localSet(cell);
  em.block().loop();
  em.localGet(cell).localGet(1).i32GeS().brIf(1);
  // The last four reach back over elements that are done already, and do them again.
  em.localGet(cell).localGet(1).i32Const(4).i32Sub();
  em.localGet(cell).localGet(1).i32Const(4).i32Sub().i32LtS().select().localSet(cell);
  em.localGet(out).i32Const(2).i32ShrU().localGet(cell).i32Add().localSet(word);
  em.block();
  Object.assign(em, {
    return_: () => em.br(node.depth),
    // What gpu.js keeps in globals, where it stands, are variables here.
    globalGet: (place: number) => em.localGet(place),
  });
  node.emitVectorFunction({
    module: { addFunction: () => em }, globals: { threadX: cell, dataIndex: word }, helperInfo: null,
    layout: { arrays: {}, scalars: {}, outputOffset: 0 },
  });
  em.end();
  // Lanes that returned early live again.
  if (node.vRetMask >= 0) em.v128ConstI32x4(0, 0, 0, 0).localSet(node.vRetMask);
  em.localGet(cell).i32Const(4).i32Add().localSet(cell);
  em.br(0).end().end();
}

/** A module with a run function for each output; it imports a memory, and functions of the kernels' own module and of Math. */
export function compileWasm(gpujs: GpuJs, definition: Definition): Uint8Array {
  const builder = createModuleBuilder(gpujs);
  builder.addMemoryImport(1, 65536, false);
  const called = new Set<string>();
  const { addFunction } = builder;
  builder.addFunction = (name, signature) => {
    const em = addFunction.call(builder, name, signature);
    const { call } = em;
    return Object.assign(em, {
      call(target: string) {
        called.add(target);
        return call.call(em, target);
      },
    });
  };
  definition.outputs.forEach((_, output) => emitRun(gpujs, builder, definition, output));
  for (const target of called) {
    if (target === GATHER) builder.addFuncImport(target, ['i32', 'i32', 'i32', 'i32'], ['v128']);
    else if (Object.values(VECTORS).includes(target)) builder.addFuncImport(target, ['v128'], ['v128']);
    else builder.addFuncImport(target, target === 'math_pow' ? ['f32', 'f32'] : ['f32'], ['f32']);
  }
  return builder.toBytes();
}
