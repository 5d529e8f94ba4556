import { bf16, f16, int4, int8, nf4, type QuantizedFormat } from '@llm/tensor';

/** How frozen weights may be stored. */
export const STORED = ['f32', 'bf16', 'f16', 'int8', 'int4', 'nf4'] as const;

const FORMATS = { f32: () => undefined, bf16, f16, int8, int4, nf4 } satisfies Record<(typeof STORED)[number], () => QuantizedFormat | undefined>;

/** The format of a name; none for weights as they are. */
export function storedAs(name: (typeof STORED)[number]): QuantizedFormat | undefined {
  return FORMATS[name]();
}
