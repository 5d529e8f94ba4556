import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calibrateRanges, minMaxRange, onnxFloat16, onnxFloat32, type OnnxFormat, onnxInt8, onnxModel, onnxQ4, onnxQ4F16, onnxQdq } from '@llm/quantize';
import { saveOnnx } from '@llm/quantize/node';
import type { OpenModel } from '../train/open-model.ts';
import type { Exported, ExportFormat } from './format.ts';
import { ownWords } from './own-words.ts';

/** The formats by what transformers.js calls them; that with fixed ranges finds them on words of the model's own. */
const TYPES: Readonly<Record<string, (opened: OpenModel) => OnnxFormat | Promise<OnnxFormat>>> = {
  fp32: onnxFloat32,
  fp16: onnxFloat16,
  q8: () => onnxInt8(),
  int8: () => onnxInt8({ dtype: 'int8' }),
  q4: () => onnxQ4(),
  q4f16: () => onnxQ4F16(),
  qdq: async (opened) => onnxQdq({ ranges: await calibrateRanges(opened.model, opened.params, { batches: await ownWords(opened, { rows: 8, tokens: 64 }), method: minMaxRange() }) }),
};

/** The folder of transformers.js, whose graph any ONNX runtime runs. */
export const onnx: ExportFormat = {
  description: 'a folder for transformers.js and ONNX Runtime; types add up in one folder',
  types: Object.keys(TYPES),
  exact: [],
  takesImportance: false,
  outOf: (name) => `${name}-onnx`,
  async write(opened, { from, out, type, onPart }): Promise<Exported> {
    const { model, params, tokenizerJson, template } = opened;
    const format = await TYPES[type]!(opened);
    onPart(0, 1, `onnx/model${format.suffix}.onnx`);
    const { files } = await saveOnnx(out, {
      model, params, formats: [format], generation: await besides(from, 'generation_config.json'),
      tokenizer: { json: tokenizerJson, config: { ...await besides(from, 'tokenizer_config.json'), ...(template === undefined ? {} : { chat_template: template.source }) } },
    });
    return { files: files.map(({ name, bytes }) => ({ path: join(out, name), bytes })), kinds: kindsOf(opened, format) };
  },
};

/** A JSON file beside the model that is exported, empty where there is none. */
async function besides(folder: string, name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, name), 'utf8').catch(() => '{}')) as Record<string, unknown>;
}

const BYTES = { float: 4, float16: 2, int32: 4, int64: 8, int8: 1, uint8: 1, bool: 1 } as const;
const STORED = /^(.+?)_(Q4|quantized|scales?|zero_points?)$/;

/** What is stored how: the codes of a matrix with their scales and zero points, everything else by its type. */
function kindsOf({ model, params }: OpenModel, format: OnnxFormat): Exported['kinds'] {
  const sizes = new Map(model.parameters.map(({ name, shape }) => [name, shape.reduce((product, size) => product * size, 1)]));
  const found = new Map<string, { type: string; tensors: number; values: number; bytes: number }>();
  for (const { name, type, shape } of onnxModel(model, params, { format }).graph.initializers.values()) {
    const elements = shape.reduce((product, size) => product * size, 1);
    const [, path, part] = STORED.exec(name) ?? [];
    const kind = path === undefined ? { float: 'f32', float16: 'f16' }[type as string] ?? type : format.name.startsWith('q4') ? 'q4' : 'int8';
    const before = found.get(kind) ?? { type: kind, tensors: 0, values: 0, bytes: 0 };
    const counts = part === undefined || part === 'Q4' || part === 'quantized';
    found.set(kind, {
      type: kind, tensors: before.tensors + Number(counts), bytes: before.bytes + elements * BYTES[type],
      values: before.values + (counts ? path === undefined ? elements : sizes.get(path) ?? elements : 0),
    });
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes);
}
