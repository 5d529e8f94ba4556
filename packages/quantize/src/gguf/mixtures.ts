import { GGUF_TYPES, type GgufType } from '@llm/tensor';

/** What a rule may look at: `layer` of `layers`, `shared` query heads to a key head, and whether there is an importance matrix. */
interface Place { readonly layer: number; readonly layers: number; readonly shared: number; readonly importance: boolean }
/** Another type than the base for a part of the model, or undefined. */
type Rule = (place: Place) => GgufType | undefined;

interface Mixture {
  /** The number that says it in the metadata, general.file_type. */
  readonly fileType: number;
  readonly base: GgufType;
  /** For values, also where they are one matrix with queries and keys. */
  readonly value?: Rule;
  readonly down?: Rule;
  readonly output?: GgufType;
}

/** The first and the last eighth of the layers, and every third between. */
const moreBits = ({ layer, layers }: Place): boolean => {
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2;
};
const early = ({ layer, layers }: Place, part: number): boolean => layer < Math.floor(layers / part);
const when = (condition: (place: Place) => boolean, type: GgufType): Rule => (place) => (condition(place) ? type : undefined);

/** The names of the mixtures: which type each tensor of a model gets. */
export type GgufMixture =
  | 'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q2_K' | 'Q3_K_S' | 'Q3_K_M' | 'Q3_K_L' | 'Q4_K_S' | 'Q4_K_M' | 'Q5_K_S' | 'Q5_K_M' | 'Q6_K';

/** The mixtures of llama.cpp (`llama-quantize`) by name. */
const MIXTURES: Readonly<Record<GgufMixture, Mixture>> = {
  F32: { fileType: 0, base: 'F32' },
  F16: { fileType: 1, base: 'F16' },
  BF16: { fileType: 32, base: 'BF16' },
  Q8_0: { fileType: 7, base: 'Q8_0' },
  Q4_0: { fileType: 2, base: 'Q4_0', down: when((place) => place.importance && early(place, 8), 'Q4_1') },
  Q4_1: { fileType: 3, base: 'Q4_1' },
  Q5_0: { fileType: 8, base: 'Q5_0', down: when((place) => place.importance && early(place, 8), 'Q5_1') },
  Q5_1: { fileType: 9, base: 'Q5_1' },
  Q2_K: { fileType: 10, base: 'Q2_K', value: ({ shared }) => (shared >= 4 ? 'Q4_K' : 'Q3_K'), down: () => 'Q3_K', output: 'Q3_K' },
  Q3_K_S: { fileType: 11, base: 'Q3_K' },
  Q3_K_M: { fileType: 12, base: 'Q3_K', value: ({ layer }) => (layer < 2 ? 'Q5_K' : 'Q4_K'), down: (place) => (early(place, 16) ? 'Q5_K' : 'Q4_K'), output: 'Q4_K' },
  Q3_K_L: { fileType: 13, base: 'Q3_K', value: () => 'Q5_K', down: () => 'Q5_K', output: 'Q5_K' },
  Q4_K_S: { fileType: 14, base: 'Q4_K', value: when(({ layer }) => layer < 4, 'Q5_K'), down: when((place) => early(place, 8), 'Q5_K') },
  Q4_K_M: { fileType: 15, base: 'Q4_K', value: when(moreBits, 'Q6_K'), down: when(moreBits, 'Q6_K') },
  Q5_K_S: { fileType: 16, base: 'Q5_K' },
  Q5_K_M: { fileType: 17, base: 'Q5_K', value: when(moreBits, 'Q6_K'), down: when(moreBits, 'Q6_K') },
  Q6_K: { fileType: 18, base: 'Q6_K' },
};

/** All mixtures. */
export const GGUF_MIXTURES: readonly GgufMixture[] = Object.freeze(Object.keys(MIXTURES) as GgufMixture[]);

/** What general.file_type says of a mixture. */
export function fileTypeOf(mixture: GgufMixture): number {
  return MIXTURES[mixture].fileType;
}

/** What a type is stored as where rows do not divide into its blocks. */
const FALLBACKS: Partial<Record<GgufType, GgufType>> = { Q2_K: 'Q4_0', Q3_K: 'Q4_0', Q4_K: 'Q5_0', Q5_K: 'Q5_1', Q6_K: 'Q8_0' };

const divides = (type: GgufType, width: number): boolean => width % GGUF_TYPES[type].blockSize === 0;

/**
 * The type that a tensor gets in a mixture, by the rules of llama.cpp's `llama-quantize`:
 *
 * - norms, biases and position embeddings stay F32;
 * - the output, or the embedding where it is the output too, gets Q6_K (Q8_0 under Q8_0, and where rows do not divide into blocks of the base);
 * - values and down projections get more bits in some layers (`Q4_K_M`: the first and last eighth and every third between);
 * - where rows do not divide into 256: Q2_K, Q3_K → Q4_0, Q4_K → Q5_0, Q5_K → Q5_1, Q6_K → Q8_0; where not into 32: F16.
 *
 * `name` is the name in the file, `shape` [out, in]; `heads` and `kvHeads` those of the model, `tied` whether it has no output of its own.
 *
 * @example
 * ```ts
 * import { ggufTypeOf } from '@llm/quantize';
 * const model = { layers: 16, heads: 8, kvHeads: 8, tied: true };
 * const types = ['blk.0.attn_q.weight', 'blk.0.attn_v.weight', 'token_embd.weight'].map((name) => ggufTypeOf({ name, shape: [256, 256] }, { mixture: 'Q4_K_M', ...model }));
 * if (types.join() !== 'Q4_K,Q6_K,Q6_K') throw new Error('the first eighth, and the output, get more bits');
 * ```
 */
export function ggufTypeOf(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  { mixture, layers, heads, kvHeads, tied, importance = false }: { readonly mixture: GgufMixture; readonly layers: number; readonly heads: number; readonly kvHeads: number; readonly tied: boolean; readonly importance?: boolean },
): GgufType {
  const rules: Mixture = MIXTURES[mixture];
  if (shape.length < 2 || !name.endsWith('.weight') || name.includes('_norm.weight') || name === 'position_embd.weight') return 'F32';
  if (GGUF_TYPES[rules.base].blockSize === 1) return rules.base;
  const width = shape.at(-1)!;
  const wanted = chosen(name, { rules, width, tied, place: { layer: Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? 0), layers, shared: heads / kvHeads, importance } });
  if (divides(wanted, width)) return wanted;
  const instead = FALLBACKS[wanted];
  return instead !== undefined && divides(instead, width) ? instead : 'F16';
}

function chosen(name: string, { rules, width, tied, place }: { rules: Mixture; width: number; tied: boolean; place: Place }): GgufType {
  const { base } = rules;
  if (name === 'output.weight' || (tied && name === 'token_embd.weight')) return base === 'Q8_0' || !divides(base, width) ? 'Q8_0' : 'Q6_K';
  if (name.includes('attn_v.') || name.includes('attn_qkv.')) {
    const found = rules.value?.(place) ?? base;
    // The largest Llama has eight query heads to a key head, so that more bits for values cost next to nothing.
    return place.layers === 80 && place.shared > 1 && (found === 'Q3_K' || found === 'Q4_K') ? 'Q5_K' : found;
  }
  if (name.includes('ffn_down')) return rules.down?.(place) ?? base;
  if (name.includes('attn_output')) return rules.output ?? base;
  return base;
}
