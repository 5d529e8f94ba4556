/** What went wrong with an ONNX file or an export to one. */
export type OnnxErrorCode = 'E_ARCHITECTURE' | 'E_WEIGHTS' | 'E_RANGE' | 'E_SIZE' | 'E_GRAPH' | 'E_FILE' | 'E_CALIBRATION';

/**
 * A model that cannot be written as ONNX, or a file that cannot be read, with a stable `code` to branch on.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { OnnxError, onnxFloat32, onnxModel } from '@llm/quantize';
 * const model = createModel({ model_type: 'bert', vocab_size: 16, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16 });
 * try {
 *   onnxModel(model, {}, { format: onnxFloat32() });
 * } catch (error) {
 *   if (!(error instanceof OnnxError) || error.code !== 'E_ARCHITECTURE') throw error;
 * }
 * ```
 */
export class OnnxError extends Error {
  override readonly name: string = 'OnnxError';
  readonly code: OnnxErrorCode;

  constructor(code: OnnxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
