import type { GgufType } from '@llm/tensor';
import type { BlockCodec } from './codec.ts';
import { q2_K } from './q2-k.ts';
import { q3_K } from './q3-k.ts';
import { q4_0 } from './q4-0.ts';
import { q4_1 } from './q4-1.ts';
import { q4_K } from './q4-k.ts';
import { q5_0 } from './q5-0.ts';
import { q5_1 } from './q5-1.ts';
import { q5_K } from './q5-k.ts';
import { q6_K } from './q6-k.ts';
import { q8_0 } from './q8-0.ts';

/** The types of few bits that are written and read here. */
export type BlockType = 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q2_K' | 'Q3_K' | 'Q4_K' | 'Q5_K' | 'Q6_K';

/** How each is stored. */
export const CODECS: Readonly<Record<BlockType, BlockCodec>> = {
  Q8_0: q8_0, Q4_0: q4_0, Q4_1: q4_1, Q5_0: q5_0, Q5_1: q5_1, Q2_K: q2_K, Q3_K: q3_K, Q4_K: q4_K, Q5_K: q5_K, Q6_K: q6_K,
};

/** Whether a type is one of few bits that is known here. */
export function isBlockType(type: GgufType): type is BlockType {
  return Object.hasOwn(CODECS, type);
}
