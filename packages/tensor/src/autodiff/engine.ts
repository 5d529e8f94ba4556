import { engine, type Tensor } from '@tensorflow/tfjs-core';

/** One recorded operation: what went in and came out, and how a gradient flows back. */
export interface TapeNode {
  readonly id: number;
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly gradient?: (dys: (Tensor | undefined)[]) => Readonly<Record<string, () => Tensor>>;
  readonly saved?: readonly Tensor[];
}

/** The parts of tfjs's engine that its typings keep private and that automatic differentiation needs. */
interface EngineInternals {
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number; kernelDepth: number };
  readonly backend: unknown;
  isTapeOn(): boolean;
  startScope(name: string): void;
  endScope(result?: unknown): void;
  makeTensorFromTensorInfo(info: { dataId: object; shape: number[]; dtype: string }): Tensor;
  runKernelFunc(parameters: {
    forwardFunc: (backend: unknown, save: (tensors: Tensor[]) => void) => Tensor | Tensor[];
    backwardsFunc: (dy: Tensor | Tensor[], saved: Tensor[]) => Readonly<Record<string, () => Tensor>>;
    inputs: Readonly<Record<string, Tensor>>;
    attrs: object;
  }): Tensor | Tensor[];
}

/** The engine of TensorFlow.js core with the parts that its types do not show. */
export function internals(): EngineInternals {
  return engine() as unknown as EngineInternals;
}
