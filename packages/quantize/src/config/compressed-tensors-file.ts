import { fromFloat32, type Leaf, toFloat32, type WritableTensor } from '@llm/tensor';
import { groupsOf } from '../grid/grouped-matrix.ts';
import { groupedWeight, isGroupedWeight } from '../grid/grouped-weight.ts';
import { type FileFormat, groupedFor, part, type QuantizationSettings, words } from './file-format.ts';
import { packBits, turned, unpackBits } from './pack-bits.ts';

/** Scales in 16 bits where that loses nothing. */
function exactScales(scales: Float32Array, shape: readonly number[]): WritableTensor {
  const half = fromFloat32(scales, 'F16', { shape });
  return toFloat32(half).every((back, i) => back === scales[i]) ? half : { dtype: 'F32', shape, data: scales };
}

/** What a configuration says of the weights of some modules. */
interface Scheme { readonly bits: number; readonly groupSize: number; readonly symmetric: boolean; readonly byActivity: boolean }

const keyOf = ({ bits, groupSize, symmetric, byActivity }: Scheme): string => [bits, groupSize, symmetric, byActivity].join();

function schemeOf(leaf: Leaf): Scheme[] {
  if (!isGroupedWeight(leaf)) return [];
  const { bits, groupSize, symmetric, groupOf } = leaf.grouped;
  return [{ bits, groupSize, symmetric, byActivity: groupOf !== undefined }];
}

/**
 * The layout `pack-quantized` of compressed-tensors, which vLLM and transformers read: `weight_packed` [out, ⌈in · bits / 32⌉], `weight_scale`
 * [out, groups], `weight_shape`, and for asymmetric ones `weight_zero_point` packed along the outputs. 2 to 8 bits, and any mixture.
 */
export const compressedTensorsFile: FileFormat = {
  method: 'compressed-tensors',
  mark: 'weight_packed',
  parts: /^weight_(?:packed|scale|shape|zero_point|g_idx)$/,
  async pack(module, leaf) {
    const { outputs, inputs, bits, groupSize, symmetric, codes, scales, zeros, groupOf } = await groupedFor('compressed-tensors', module, leaf);
    const groups = groupsOf({ inputs, groupSize });
    return {
      weight_packed: { dtype: 'I32', shape: [outputs, Math.ceil((inputs * bits) / 32)], data: packBits(codes, { rows: outputs, cols: inputs, bits }) },
      weight_scale: exactScales(scales, [outputs, groups]),
      weight_shape: { dtype: 'I64', shape: [2], data: BigInt64Array.of(BigInt(outputs), BigInt(inputs)) },
      ...(symmetric ? {} : {
        weight_zero_point: {
          dtype: 'I32' as const, shape: [Math.ceil((outputs * bits) / 32), groups],
          data: turned(packBits(turned(zeros, outputs, groups), { rows: groups, cols: outputs, bits }), groups, Math.ceil((outputs * bits) / 32)),
        },
      }),
      ...(groupOf === undefined ? {} : { weight_g_idx: { dtype: 'I32' as const, shape: [inputs], data: groupOf } }),
    };
  },
  settings(packed, left) {
    const schemes = new Map<string, { scheme: Scheme; modules: string[] }>();
    for (const [module, leaf] of packed) {
      for (const scheme of schemeOf(leaf)) {
        const found = schemes.get(keyOf(scheme)) ?? { scheme, modules: [] };
        found.modules.push(module);
        schemes.set(keyOf(scheme), found);
      }
    }
    const groups = [...schemes.values()].map(({ scheme: { bits, groupSize, symmetric, byActivity }, modules }, i) => [`group_${i}`, {
      targets: schemes.size === 1 ? ['Linear'] : modules,
      weights: { num_bits: bits, type: 'int', symmetric, strategy: 'group', group_size: groupSize, dynamic: false, actorder: byActivity ? 'group' : null, observer: 'minmax', observer_kwargs: {}, block_structure: null },
      input_activations: null, output_activations: null,
    }] as const);
    return {
      quant_method: 'compressed-tensors', format: 'pack-quantized', quantization_status: 'compressed', global_compression_ratio: null, kv_cache_scheme: null,
      ignore: left, config_groups: Object.fromEntries(groups),
    };
  },
  unpack(module, tensors, settings) {
    const { outputs, inputs, transposed } = module;
    const { bits, groupSize: asked, symmetric } = weightsFor(module.name, settings);
    const groupSize = asked === -1 ? inputs : asked;
    const groups = groupsOf({ inputs, groupSize });
    const codes = unpackBits(words(part('weight_packed', module, tensors, { dtype: 'I32', shape: [outputs, Math.ceil((inputs * bits) / 32)] })), { rows: outputs, cols: inputs, bits });
    const scales = toFloat32(part('weight_scale', module, tensors, { shape: [outputs, groups] })).slice();
    const height = Math.ceil((outputs * bits) / 32);
    const zeros = symmetric ? new Float32Array(outputs * groups).fill(2 ** (bits - 1))
      : Float32Array.from(turned(unpackBits(turned(words(part('weight_zero_point', module, tensors, { dtype: 'I32', shape: [height, groups] })), height, groups), { rows: groups, cols: outputs, bits }), groups, outputs));
    const groupOf = tensors.has('weight_g_idx') ? words(part('weight_g_idx', module, tensors, { dtype: 'I32', shape: [inputs] })) : undefined;
    const plain = groupOf === undefined || groupOf.every((group, i) => group === Math.floor(i / groupSize));
    return groupedWeight({ outputs, inputs, bits, groupSize, symmetric, codes, scales, zeros, ...(plain ? {} : { groupOf }) }, { transposed });
  },
};

/** The scheme of the weights of a module: that of the group which names it, or of the one for all linear layers. */
function weightsFor(module: string, settings: QuantizationSettings): { bits: number; groupSize: number; symmetric: boolean } {
  const groups = Object.values((settings['config_groups'] ?? {}) as Record<string, { targets?: unknown; weights?: Record<string, unknown> }>);
  const matches = (target: unknown): boolean => typeof target === 'string' && (target === module || target === 'Linear' || (target.startsWith('re:') && named(target.slice(3), module)));
  const found = groups.find(({ targets }) => Array.isArray(targets) && targets.includes(module)) ?? groups.find(({ targets }) => Array.isArray(targets) && targets.some(matches));
  const { num_bits: bits, group_size: size, strategy, symmetric = true, type } = found?.weights ?? {};
  if (type !== 'int' || !Number.isInteger(bits) || (bits as number) < 2 || (bits as number) > 8 || (strategy !== 'group' && strategy !== 'channel') || typeof symmetric !== 'boolean') {
    throw new RangeError(`loadQuantized: expected whole numbers of 2 to 8 bits in groups or channels for ${module} but found ${JSON.stringify(found?.weights ?? null).slice(0, 120)}. Other schemes are not read here.`);
  }
  if (strategy === 'channel') return { bits: bits as number, groupSize: -1, symmetric };
  if (!Number.isInteger(size) || (size as number) < 1) throw new RangeError(`loadQuantized: expected a group_size from 1 on for ${module} but found ${JSON.stringify(size)}.`);
  return { bits: bits as number, groupSize: size as number, symmetric };
}

/** Whether a pattern from a file, which may be broken, stands for the whole name. */
function named(pattern: string, module: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(module);
  } catch {
    throw new RangeError(`loadQuantized: expected a pattern as a target of quantization_config but found ${JSON.stringify(pattern).slice(0, 80)}.`);
  }
}
