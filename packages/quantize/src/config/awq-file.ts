import { toFloat32 } from '@llm/tensor';
import { groupsOf } from '../grid/grouped-matrix.ts';
import { groupedWeight, isGroupedWeight } from '../grid/grouped-weight.ts';
import { type FileFormat, groupedFor, halfScales, part, wholeSetting, words } from './file-format.ts';
import { packBits, turned, unpackBits } from './pack-bits.ts';

/** Of eight neighbouring outputs, which stands in each place of a word. */
const ORDER = [0, 2, 4, 6, 1, 3, 5, 7];

/** Rows of outputs with every eight of them in the order of AWQ's words, or back. */
function ordered(values: ArrayLike<number>, back: boolean): Uint8Array {
  const made = new Uint8Array(values.length);
  for (let i = 0; i < made.length; i++) {
    const [from, to] = [(i & ~7) + ORDER[i & 7]!, i];
    if (back) made[from] = values[to]!;
    else made[to] = values[from]!;
  }
  return made;
}

/**
 * The layout of AutoAWQ, version GEMM: four bits, `qweight` [in, out / 8] and `qzeros` [groups, out / 8] with eight outputs to a word in the
 * order 0 2 4 6 1 3 5 7, `scales` F16 [groups, out].
 */
export const awqFile: FileFormat = {
  method: 'awq',
  mark: 'qweight',
  parts: /^(?:qweight|qzeros|scales)$/,
  async pack(module, leaf) {
    const { outputs, inputs, bits, groupSize, codes, scales, zeros, groupOf } = await groupedFor('awq', module, leaf);
    const groups = groupsOf({ inputs, groupSize });
    if (bits !== 4 || groupOf !== undefined) throw new RangeError(`awq: expected four bits in groups of neighbours at ${module} but found ${bits} bits${groupOf === undefined ? '' : ' in groups by activity'}. Use gptq or compressed-tensors.`);
    if (outputs % 8 !== 0) throw new RangeError(`awq: expected a multiple of 8 outputs at ${module} but found ${outputs}. Use compressed-tensors.`);
    return {
      qweight: { dtype: 'I32', shape: [inputs, outputs / 8], data: packBits(ordered(turned(codes, outputs, inputs), false), { rows: inputs, cols: outputs, bits }) },
      qzeros: { dtype: 'I32', shape: [groups, outputs / 8], data: packBits(ordered(turned(zeros, outputs, groups), false), { rows: groups, cols: outputs, bits }) },
      scales: halfScales('awq', module, turned(scales, outputs, groups), [groups, outputs]),
    };
  },
  settings(packed, left) {
    const kinds = [...packed.values()].flatMap((leaf) => (isGroupedWeight(leaf) ? [leaf.grouped] : []));
    const sizes = new Set(kinds.map(({ groupSize }) => groupSize));
    if (sizes.size !== 1) throw new RangeError(`awq: expected one group size for all matrices but found ${[...sizes].join(', ') || 'none'}. Choose one that divides all rows, or use compressed-tensors.`);
    return { quant_method: 'awq', bits: 4, group_size: [...sizes][0], zero_point: true, version: 'gemm', backend: 'autoawq', do_fuse: false, ...(left.length === 0 ? {} : { modules_to_not_convert: left }) };
  },
  unpack(module, tensors, settings) {
    const { outputs, inputs, transposed } = module;
    const bits = wholeSetting(settings, 'bits', { min: 4, max: 4 });
    const groupSize = wholeSetting(settings, 'group_size', { min: 1, max: inputs });
    const groups = groupsOf({ inputs, groupSize });
    const codesOf = (name: string, rows: number): Uint8Array => (
      turned(ordered(unpackBits(words(part(name, module, tensors, { dtype: 'I32', shape: [rows, outputs / 8] })), { rows, cols: outputs, bits }), true), rows, outputs));
    const scales = turned(toFloat32(part('scales', module, tensors, { shape: [groups, outputs] })).slice(), groups, outputs);
    const zeros = Float32Array.from(codesOf('qzeros', groups));
    return groupedWeight({ outputs, inputs, bits, groupSize, symmetric: zeros.every((zero) => zero === 8), codes: codesOf('qweight', inputs), scales, zeros }, { transposed });
  },
};
