import {
  awq, awqFile, bitsandbytesFile, compressedTensorsFile, type FileFormat, gptq, gptqFile, hqq, quantize, type Quantized, quantizeCalibrated, rtn, type TargetBatch,
} from '@llm/quantize';
import { isWeight, leaves, nf4, type Tree } from '@llm/tensor';
import type { OpenModel } from '../train/open-model.ts';

/** What the flags say of how numbers are to be stored. */
export interface MethodOptions {
  readonly bits: number;
  readonly groupSize: number;
  readonly symmetric: boolean | undefined;
  readonly calibration: readonly TargetBatch[];
  readonly onProgress: (progress: { readonly path: string; readonly done: number; readonly total: number }) => void;
}

/** A way to quantize a model that has a name on the command line. */
export interface NamedMethod {
  readonly says: string;
  readonly needsData: boolean;
  readonly groupSize: number;
  /** The format in which its authors' programs write, where it can be. */
  readonly format: FileFormat;
  run(opened: OpenModel, options: MethodOptions): Promise<Quantized>;
}

/** Scales in 16 bits, as files hold them: what is measured is what is written. */
const grid = ({ bits, groupSize, symmetric }: MethodOptions) => ({ bits, groupSize, scaleDtype: 'F16', ...(symmetric === undefined ? {} : { symmetric }) }) as const;

export const METHODS: Readonly<Record<string, NamedMethod>> = {
  rtn: { says: 'rounding to the nearest', needsData: false, groupSize: 128, format: compressedTensorsFile, run: ({ params }, options) => quantize(params, { format: rtn(grid(options)) }) },
  hqq: {
    says: 'zeros by half-quadratic optimisation', needsData: false, groupSize: 64, format: compressedTensorsFile,
    run: ({ params }, { bits, groupSize }) => quantize(params, { format: hqq({ bits, groupSize, scaleDtype: 'F16', wholeZeros: true }) }),
  },
  gptq: {
    says: 'errors made up for by later columns', needsData: true, groupSize: 128, format: gptqFile,
    run: ({ model, params }, options) => quantizeCalibrated(model, params, { method: gptq(grid(options)), batches: options.calibration, onProgress: options.onProgress }),
  },
  awq: {
    says: 'active inputs scaled up', needsData: true, groupSize: 128, format: awqFile,
    run: ({ model, params }, options) => awq(model, params, { ...grid(options), batches: options.calibration, onProgress: options.onProgress }),
  },
  nf4: { says: 'levels of a normal distribution', needsData: false, groupSize: 64, format: bitsandbytesFile, run: ({ params }, { groupSize }) => quantize(params, { format: nf4({ blockSize: groupSize }) }) },
};

export const FILES: Readonly<Record<string, FileFormat>> = { 'compressed-tensors': compressedTensorsFile, gptq: gptqFile, awq: awqFile, bitsandbytes: bitsandbytesFile };

/** The format of a method where it can hold the tree, else compressed-tensors, which holds any groups. */
export async function formatFor(preferred: FileFormat, params: Tree): Promise<FileFormat> {
  const packed = new Map(leaves(params).filter(([, leaf]) => isWeight(leaf) && leaf.data === undefined).map(([path, leaf]) => [path.replace(/\.weight$/, ''), leaf]));
  try {
    const settings = preferred.settings(packed, []);
    for (const [module, leaf] of packed) await preferred.pack(module, leaf, settings);
    return preferred;
  } catch (error) {
    if (error instanceof RangeError && preferred !== bitsandbytesFile) return compressedTensorsFile;
    throw error;
  }
}
