import { bytesOf, type OnnxInitializer } from './graph.ts';
import type { OnnxModel } from './onnx-model.ts';
import { type ExternalPlace, onnxChunks, tensorData } from './write-onnx.ts';

/** One of the files that a model becomes. */
export interface OnnxFile {
  readonly name: string;
  readonly bytes: number;
  /** What it holds, in pieces, one tensor at a time. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

export interface OnnxFilesOptions {
  /** Of the model's own file, such as `model_q4.onnx`; its data would be `model_q4.onnx_data`. */
  readonly name: string;
  /** Puts the weights into files of their own; default where they take more than 1.9 GB. */
  readonly external?: boolean;
  /** A file of weights is at most so long, or one tensor; default 2 GB less a little, what a page can hold in one piece. */
  readonly maxDataBytes?: number;
}

/** The most that a single file holds before its weights are put beside it; protocol buffers end at 2 GiB. */
const INSIDE = 1.9e9;
/** Smaller tensors stay in the model, where runtimes read shapes and axes without opening another file. */
const SMALL = 1024;
/** Larger ones begin where a page of memory does, on Windows too, so that a runtime can map them. */
const LARGE = 2 ** 20;
const PAGE = 2 ** 16;

/**
 * The files of a model: one `.onnx`, and where the weights would make it too long, or are asked for beside it, `.onnx_data`,
 * `.onnx_data_1`, … as transformers.js looks for them.
 *
 * @throws OnnxError as `onnxBytes`, when the chunks are read.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { onnxFiles, onnxFloat32, onnxModel } from '@llm/quantize';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 64, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const files = onnxFiles(onnxModel(model, model.init(0), { format: onnxFloat32() }), { name: 'model.onnx', external: true });
 * if (files.map(({ name }) => name).join() !== 'model.onnx,model.onnx_data') throw new Error('the weights beside the graph');
 * ```
 */
export function onnxFiles(model: OnnxModel, { name, external, maxDataBytes = 2 ** 31 - PAGE }: OnnxFilesOptions): OnnxFile[] {
  const tensors = [...model.graph.initializers.values()];
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const { files, places } = external ?? total > INSIDE ? placed(tensors, { name, maxDataBytes }) : { files: [], places: new Map<string, ExternalPlace>() };
  const { length, chunks } = onnxChunks(model, places);
  return [{ name, bytes: length, chunks }, ...files];
}

function placed(tensors: readonly OnnxInitializer[], { name, maxDataBytes }: { name: string; maxDataBytes: number }): { files: OnnxFile[]; places: Map<string, ExternalPlace> } {
  const places = new Map<string, ExternalPlace>();
  const files: { name: string; bytes: number; held: OnnxInitializer[] }[] = [];
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor);
    if (bytes < SMALL) continue;
    let file = files.at(-1);
    const offset = (after: number): number => (bytes < LARGE ? after : Math.ceil(after / PAGE) * PAGE);
    if (file === undefined || (file.bytes > 0 && offset(file.bytes) + bytes > maxDataBytes)) {
      file = { name: `${name}_data${files.length === 0 ? '' : `_${files.length}`}`, bytes: 0, held: [] };
      files.push(file);
    }
    places.set(tensor.name, { file: file.name, offset: offset(file.bytes) });
    file.bytes = offset(file.bytes) + bytes;
    file.held.push(tensor);
  }
  return {
    places,
    files: files.map(({ name, bytes, held }) => ({
      name, bytes,
      async *chunks() {
        let at = 0;
        for (const tensor of held) {
          const { offset } = places.get(tensor.name)!;
          if (offset > at) yield new Uint8Array(offset - at);
          yield await tensorData(tensor);
          at = offset + bytesOf(tensor);
        }
      },
    })),
  };
}
