import type { ExportFormat } from './format.ts';
import { gguf } from './gguf.ts';
import { hf } from './hf.ts';
import { onnx } from './onnx.ts';

/** The formats by the name that is typed. */
export const FORMATS: Readonly<Record<string, ExportFormat>> = { gguf, hf, onnx };
