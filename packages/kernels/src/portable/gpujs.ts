/** A node of a syntax tree in ESTree form, as gpu.js reads and takes it; which fields there are depends on `type`. */
export interface Node {
  readonly type: string;
  start: number;
  end: number;
  readonly name?: string;
  readonly operator?: string;
  readonly prefix?: boolean;
  readonly kind?: string;
  readonly computed?: boolean;
  readonly value?: unknown;
  readonly async?: boolean;
  readonly generator?: boolean;
  readonly id?: Node | null;
  readonly left?: Node;
  readonly right?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly callee?: Node;
  readonly argument?: Node | null;
  readonly expression?: Node;
  readonly test?: Node | null;
  readonly consequent?: Node;
  readonly alternate?: Node | null;
  readonly init?: Node | null;
  readonly update?: Node | null;
  readonly label?: Node | null;
  readonly params?: readonly Node[];
  readonly arguments?: readonly Node[];
  readonly declarations?: readonly Node[];
  readonly body?: Node | readonly Node[];
}

/** Writes the instructions of one WebAssembly function; one method for each instruction, of which these are named here. */
export interface Emitter {
  addLocal(type: string): number;
  block(): Emitter;
  loop(): Emitter;
  end(): Emitter;
  br(depth: number): Emitter;
  brIf(depth: number): Emitter;
  call(name: string): Emitter;
  select(): Emitter;
  localGet(index: number): Emitter;
  localSet(index: number): Emitter;
  globalGet(index: number): Emitter;
  return_(): Emitter;
  i32Const(value: number): Emitter;
  i32Add(): Emitter;
  i32Sub(): Emitter;
  i32Shl(): Emitter;
  i32ShrU(): Emitter;
  i32GeS(): Emitter;
  i32LtS(): Emitter;
  f32Const(value: number): Emitter;
  f32Add(): Emitter;
  f32Sub(): Emitter;
  f32Floor(): Emitter;
  f32Ge(): Emitter;
  f32ConvertI32S(): Emitter;
  f32x4Add(): Emitter;
  f32x4Sub(): Emitter;
  f32x4Floor(): Emitter;
  f32x4Ge(): Emitter;
  v128And(): Emitter;
  v128ConstF32x4(a: number, b: number, c: number, d: number): Emitter;
  v128Load(offset: number, align: number): Emitter;
  v128ConstI32x4(a: number, b: number, c: number, d: number): Emitter;
}

export interface ModuleBuilder {
  addMemoryImport(initial: number, maximum: number, shared: boolean): void;
  addFuncImport(name: string, params: readonly string[], results: readonly string[]): void;
  addFunction(name: string, signature: { params: readonly string[]; results: readonly string[] }): Emitter;
  exportFunction(name: string): void;
  toBytes(): Uint8Array;
}

/** What a function node of gpu.js is given. */
export interface NodeSettings {
  readonly ast: Node;
  readonly name: string;
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly string[];
  readonly returnType: string;
  readonly isRootKernel: boolean;
  readonly output: readonly number[];
}

/** One function on its way through gpu.js. */
export interface FunctionNode {
  ast: Node | null;
  getJsAST(): Node;
  /** The text of the function; for WebAssembly it only finds out the types. */
  toString(): string;
}

/** The parts of the translation to WebAssembly that we read or replace. */
export interface WasmFunctionNode extends FunctionNode {
  readonly depth: number;
  readonly vRetMask: number;
  em: Emitter;
  getLookupType(type: string): string;
  exprIdentifier(node: Node): string;
  vGather(table: string, name: string): string;
  vMathCall(name: string, call: Node): string;
  emitMathCall(name: string, call: Node): string;
  emitByType(node: Node, type: string): string;
  vEmitByType(node: Node, type: string): string;
  emitVectorFunction(assembler: object): void;
}

type NodeConstructor<T> = new (source: Node, settings: NodeSettings) => T;

/** The package gpu.js, as far as it serves here: a parser and two translators. */
export interface GpuJs {
  readonly FunctionNode: NodeConstructor<FunctionNode>;
  readonly WGSLFunctionNode: NodeConstructor<FunctionNode>;
  readonly WebAssemblyFunctionNode: NodeConstructor<WasmFunctionNode>;
  readonly WebAssemblyKernel: { readonly prototype: { _assembleModule(layout: object, cells: number, shared: boolean): unknown } };
}

/** By name, so that a bundler does not demand a package that most users do without. */
const PACKAGE = 'gpu.js';
const NEEDED: readonly (readonly [keyof GpuJs, readonly string[]])[] = [
  ['FunctionNode', ['getJsAST']],
  ['WGSLFunctionNode', ['toString']],
  ['WebAssemblyFunctionNode', ['getLookupType', 'exprIdentifier', 'vGather', 'vMathCall', 'emitMathCall', 'emitByType', 'vEmitByType', 'emitVectorFunction']],
  ['WebAssemblyKernel', ['_assembleModule']],
];

/**
 * The package gpu.js: `given`, or what is installed.
 *
 * @throws Error where there is none, or one whose parts are not those of 2.24.
 */
export async function loadGpuJs(given?: unknown): Promise<GpuJs> {
  let found = given;
  if (found === undefined) {
    try {
      found = await import(/* @vite-ignore */ PACKAGE);
    } catch (cause) {
      throw new Error('preparePortable: expected the package gpu.js, which compiles portable kernels, but found none. Install it (npm install gpu.js), '
        + 'or in a page give it: preparePortable(kernel, { gpujs: await import(\'gpu.js\') }).', { cause });
    }
  }
  const gpujs = ((found as { default?: unknown }).default ?? found) as GpuJs;
  for (const [name, methods] of NEEDED) {
    const { prototype } = (gpujs[name] ?? {}) as { prototype?: Record<string, unknown> };
    const missing = prototype === undefined ? name : methods.find((method) => typeof prototype[method] !== 'function');
    if (missing !== undefined) throw new Error(`preparePortable: expected gpu.js 2.24 but found a version without ${missing}. Install gpu.js 2.24.`);
  }
  return gpujs;
}

/** Parses the text of one function expression; unfolds what minifiers fold, such as `return a, b`. */
export function parseFunction({ FunctionNode: { prototype } }: GpuJs, source: string): Node {
  // No more than the parsing: the walk that follows it in gpu.js knows no arrow functions.
  const node = Object.assign(Object.create(prototype) as FunctionNode, { ast: null, source, name: 'f', traceFunctionAST() {} });
  return node.getJsAST();
}

/** Where the text given to parseFunction begins in what is parsed, by which nodes count their positions. */
export const PARSED_FROM: number = 'const parser_f = '.length;

/** A function node over a tree of our own making. */
export function nodeOf<T extends FunctionNode>(Constructor: NodeConstructor<T>, settings: NodeSettings): T {
  const node = new Constructor(settings.ast, settings);
  // With a tree set, gpu.js takes it for one that has been walked.
  node.ast = null;
  return node;
}

/** An empty WebAssembly module in the form that gpu.js writes to; its class is not exported, but it hands one to every kernel. */
export function createModuleBuilder({ WebAssemblyKernel: { prototype } }: GpuJs): ModuleBuilder {
  let builder: ModuleBuilder | undefined;
  const nothing = { params: [], results: [] };
  const kernel = {
    emitFunction({ module }: { module: ModuleBuilder }) {
      builder = module;
      module.addFunction('kernel', nothing);
    },
    emitVectorFunction() {},
  };
  prototype._assembleModule.call({
    usedMathImports: [], usesRandom: false, tracedFunctions: ['kernel'], functionBuilder: { functionMap: { kernel } },
    threadDim: [1, 1, 1], output: [1], componentCount: 1,
    _emitRunSimd(module: ModuleBuilder) { module.addFunction('run_simd', nothing); },
  }, { outputOffset: 0 }, 1, false);
  const { constructor: Builder } = builder as unknown as { constructor: new () => ModuleBuilder };
  return new Builder();
}
