import type { OnnxGraph } from '../graph.ts';
import type { OnnxMatrix } from '../matrix.ts';

/** How the matrices of a model are stored in an ONNX file and multiplied with. */
export interface OnnxFormat {
  /** As transformers.js calls it, `dtype`. */
  readonly name: string;
  /** What stands between `model` and `.onnx`. */
  readonly suffix: string;
  /** What states, the cache and everything that is no matrix are. */
  readonly type: 'float' | 'float16';
  /** x [..., inputs] · Wᵀ → [..., outputs], placed at `at`; returns the name of the product. */
  product(graph: OnnxGraph, x: string, options: { readonly matrix: OnnxMatrix; readonly at: string }): string;
  /** Rows by id: ids [...] → [..., inputs]. */
  rows(graph: OnnxGraph, ids: string, options: { readonly matrix: OnnxMatrix; readonly at: string }): string;
}
