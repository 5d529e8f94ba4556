export { saveOnnx, type SavedOnnx, type SaveOnnxOptions } from './onnx-folder.ts';
export { loadGguf, saveGguf, type SaveGgufOptions } from './gguf-model.ts';
export { loadQuantized } from './load-quantized.ts';
export { saveQuantized, type SaveQuantizedOptions } from './save-quantized.ts';
