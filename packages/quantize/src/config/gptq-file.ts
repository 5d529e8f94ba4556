import { toFloat32 } from '@llm/tensor';
import { groupsOf } from '../grid/grouped-matrix.ts';
import { groupedWeight, isGroupedWeight } from '../grid/grouped-weight.ts';
import { type FileFormat, groupedFor, halfScales, part, wholeSetting, words } from './file-format.ts';
import { packBits, turned, unpackBits } from './pack-bits.ts';

/** Bits whose layout readers agree on. */
const BITS = [2, 3, 4, 8];

/**
 * The layout of AutoGPTQ and GPTQModel: `qweight` [in · bits / 32, out] packed along the inputs, `qzeros` [groups, out · bits / 32] along
 * the outputs, `scales` F16 [groups, out], `g_idx` [in]. Version 1 stores each zero less one and has no place for a zero of 0; where there is
 * one `checkpoint_format` is `gptq_v2`, which stores zeros as they are.
 */
export const gptqFile: FileFormat = {
  method: 'gptq',
  mark: 'qweight',
  parts: /^(?:qweight|qzeros|scales|g_idx)$/,
  async pack(module, leaf, settings) {
    const { outputs, inputs, bits, groupSize, codes, scales, zeros, groupOf, ...rest } = await groupedFor('gptq', module, leaf);
    const groups = groupsOf({ ...rest, inputs, groupSize });
    if (!BITS.includes(bits)) throw new RangeError(`gptq: expected 2, 3, 4 or 8 bits at ${module} but found ${bits}. Use compressed-tensors.`);
    if ((inputs * bits) % 32 !== 0 || (outputs * bits) % 32 !== 0) throw new RangeError(`gptq: expected whole words of codes at ${module} but found [${outputs}, ${inputs}] of ${bits} bits. Use compressed-tensors.`);
    const less = settings['checkpoint_format'] === 'gptq' ? 1 : 0;
    const packed = packBits(codes, { rows: outputs, cols: inputs, bits });
    return {
      qweight: { dtype: 'I32', shape: [(inputs * bits) / 32, outputs], data: turned(packed, outputs, (inputs * bits) / 32) },
      qzeros: { dtype: 'I32', shape: [groups, (outputs * bits) / 32], data: packBits(turned(zeros, outputs, groups).map((zero) => zero - less), { rows: groups, cols: outputs, bits }) },
      scales: halfScales('gptq', module, turned(scales, outputs, groups), [groups, outputs]),
      g_idx: { dtype: 'I32', shape: [inputs], data: groupOf ?? Int32Array.from({ length: inputs }, (_, i) => Math.floor(i / groupSize)) },
    };
  },
  settings(packed) {
    const kinds = [...packed.values()].flatMap((leaf) => (isGroupedWeight(leaf) ? [{ ...leaf.grouped, inputs: leaf.shape[1]! }] : []));
    const [first] = kinds;
    // A group as long as the row is written as −1, so that rows of different lengths can share a configuration.
    const sizes = new Set(kinds.map(({ groupSize }) => groupSize));
    const whole = kinds.every(({ groupSize, inputs }) => groupSize === inputs);
    if (first === undefined || (sizes.size > 1 && !whole) || kinds.some(({ bits, symmetric }) => bits !== first.bits || symmetric !== first.symmetric)) {
      throw new RangeError(`gptq: expected one group size for all matrices but found ${[...sizes].join(', ')}. Choose one that divides all rows, or use compressed-tensors.`);
    }
    return {
      quant_method: 'gptq', bits: first.bits, group_size: whole ? -1 : first.groupSize, sym: first.symmetric, desc_act: kinds.some(({ groupOf }) => groupOf !== undefined),
      true_sequential: true, damp_percent: 0.01, lm_head: false, checkpoint_format: kinds.some(({ lowestIsZero }) => lowestIsZero) ? 'gptq_v2' : 'gptq',
    };
  },
  unpack(module, tensors, settings) {
    const { outputs, inputs, transposed } = module;
    const bits = wholeSetting(settings, 'bits', { min: 2, max: 8 });
    const asked = wholeSetting(settings, 'group_size', { min: -1, max: 2 ** 24 });
    const groupSize = asked === -1 ? inputs : asked;
    const groups = groupsOf({ inputs, groupSize });
    const symmetric = settings['sym'] === true;
    const more = settings['checkpoint_format'] === 'gptq_v2' ? 0 : 1;
    const qweight = part('qweight', module, tensors, { dtype: 'I32', shape: [(inputs * bits) / 32, outputs] });
    const codes = unpackBits(turned(words(qweight), (inputs * bits) / 32, outputs), { rows: outputs, cols: inputs, bits });
    const packedZeros = unpackBits(words(part('qzeros', module, tensors, { dtype: 'I32', shape: [groups, (outputs * bits) / 32] })), { rows: groups, cols: outputs, bits });
    const zeros = turned(Float32Array.from(packedZeros, (zero) => zero + more), groups, outputs);
    const scales = turned(toFloat32(part('scales', module, tensors, { shape: [groups, outputs] })).slice(), groups, outputs);
    const held = tensors.has('g_idx') ? words(part('g_idx', module, tensors, { dtype: 'I32', shape: [inputs] })) : undefined;
    if (held?.some((group) => group < 0 || group >= groups) === true) throw new RangeError(`loadQuantized: expected groups below ${groups} in ${module.name}.g_idx but found others. The file is damaged.`);
    const plain = held === undefined || held.every((group, i) => group === Math.floor(i / groupSize));
    const middle = zeros.every((zero) => zero === 2 ** (bits - 1));
    return groupedWeight({ outputs, inputs, bits, groupSize, symmetric: symmetric && middle, codes, scales, zeros, ...(plain ? {} : { groupOf: held }) }, { transposed });
  },
};
