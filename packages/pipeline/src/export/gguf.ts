import { stat } from 'node:fs/promises';
import { GGUF_MIXTURES, type GgufEntry, type GgufMixture } from '@llm/quantize';
import { loadGguf, saveGguf } from '@llm/quantize/node';
import type { Exported, ExportFormat } from './format.ts';

const MIXTURES = new Map(GGUF_MIXTURES.map((mixture) => [mixture.toLowerCase(), mixture]));

/** The file of llama.cpp, Ollama and LM Studio. */
export const gguf: ExportFormat = {
  description: 'one file for llama.cpp and all that builds on it',
  types: ['q8_0', ...[...MIXTURES.keys()].filter((name) => name !== 'q8_0')],
  exact: ['f32', 'f16', 'bf16'],
  takesImportance: true,
  outOf: (name, type) => `${name}-${type}.gguf`,
  async write({ model, params, tokenizerJson, template, bosId }, { out, type, name, importance, onPart }): Promise<Exported> {
    const { entries } = await saveGguf(out, {
      model, params, mixture: MIXTURES.get(type) as GgufMixture, tokenizer: tokenizerJson, chatTemplate: template?.source, addBos: bosId !== undefined, name, importance: importance?.values,
      onTensor: (entry, index) => onPart(index, model.parameters.length, entry.name),
    });
    return { files: [{ path: out, bytes: (await stat(out)).size }], kinds: kindsOf(entries), reopen: () => loadGguf(out, { quantized: false }) };
  },
};

function kindsOf(entries: readonly GgufEntry[]): Exported['kinds'] {
  const found = new Map<string, { type: string; tensors: number; values: number; bytes: number }>();
  for (const { type, shape, bytes } of entries) {
    const kind = found.get(type) ?? { type, tensors: 0, values: 0, bytes: 0 };
    found.set(type, { type, tensors: kind.tensors + 1, values: kind.values + shape.reduce((product, size) => product * size, 1), bytes: kind.bytes + bytes });
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes);
}
