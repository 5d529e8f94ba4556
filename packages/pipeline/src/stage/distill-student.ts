import { quantizeBase } from '@llm/lora';
import type { Model, ModelConfig } from '@llm/model';
import { byMagnitude, bySvd, cutWidth, dropLayers, everyNth, firstLayers, lastLayers, originText, type ParameterOrigin, spreadLayers } from '@llm/distill';
import { countParameters, disposeTree, flatten, type Tree } from '@llm/tensor';
import { count, short } from '../cli/format.ts';
import { UsageError } from '../cli/cli-error.ts';
import { openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import type { DistillOptions } from './distill-options.ts';
import type { StageContext } from './stage.ts';
import type { StageModel } from './stage-model.ts';
import { storedAs, type STORED } from './stored.ts';

export interface OpenStudent {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
  /** Where its parameters came from; undefined for a student that was there already. */
  readonly map: readonly ParameterOrigin[] | undefined;
}

const KEEP: Readonly<Record<string, (layers: number, keep: number) => number[]>> = {
  spread: spreadLayers, first: firstLayers, last: lastLayers, every: (layers, keep) => everyNth(layers, Math.max(1, Math.floor(layers / keep))).slice(0, keep),
};
export const KEEP_NAMES: readonly string[] = Object.keys(KEEP);

/** The student of the flags: one that is there already, or a part of its teacher. */
export async function openStudent({ student: folder, layers: asked, keep, width, 'mlp-width': mlpWidth, 'width-by': by }: DistillOptions, teacher: StageModel, { io, device, say }: StageContext): Promise<OpenStudent> {
  if (folder !== undefined) {
    if (asked !== undefined || width !== undefined || mlpWidth !== undefined) throw new UsageError('llm distill: expected --student, or --layers and --width to make one of the teacher, but found both. Leave one out.');
    const found = await openModel(findFolder(folder, io.cwd), device.name);
    if (found.tokenizerJson !== teacher.tokenizerJson) {
      disposeTree(found.params);
      throw new UsageError(`llm distill: expected a student with the tokenizer of its teacher but found another in ${folder}. Train it on the teacher's texts (llm sft), or use crossTokenizerLoss of @llm/distill.`);
    }
    return { model: found.model, params: found.params, map: undefined };
  }
  const { layers } = teacher.model.shape;
  const numbers = /^\d+(?:,\d+)*$/.test(keep) ? keep.split(',').map(Number) : undefined;
  const chosen = numbers ?? (KEEP[keep] ?? unknown(keep))(layers, checked(asked ?? Math.ceil(layers / 2), layers));
  if (numbers !== undefined && asked !== undefined && asked !== numbers.length) throw new UsageError(`llm distill: expected --keep to name ${asked} layers, as --layers says, but found ${numbers.length}. Leave --layers out.`);
  if (chosen.some((layer) => layer >= layers)) throw new UsageError(`llm distill: expected --keep to name layers from 0 to ${layers - 1} but found ${keep}.`);
  let { model, params, map } = dropLayers(teacher, { keep: chosen });
  if (width !== undefined || mlpWidth !== undefined) {
    const whole = { model, params };
    const narrow = await cutWidth(whole, { ...(width === undefined ? {} : { width }), ...(mlpWidth === undefined ? {} : { mlpWidth }), choose: by === 'svd' ? bySvd() : byMagnitude() });
    disposeTree(params);
    const before = new Map(map.map((origin) => [origin.to, origin]));
    ({ model, params } = narrow);
    map = narrow.map.map((origin) => ({ ...origin, from: before.get(origin.from)?.from ?? origin.from, fromShape: before.get(origin.from)?.fromShape ?? origin.fromShape }));
  }
  say(`The student keeps ${chosen.length === 1 ? 'layer' : 'layers'} ${chosen.join(', ')} of ${layers}${width === undefined && mlpWidth === undefined ? '' : `, ${width ?? model.shape.width} wide, ${model.shape.mlpWidth} in the MLP`}: ${short(countParameters(params))} of ${short(countParameters(teacher.params))} parameters.`);
  return { model, params, map };
}

/** Where the parameters came from, as text. */
export function mapText(map: readonly ParameterOrigin[]): string {
  return `${count(map.length)} parameters\n${map.map(originText).join('\n')}`;
}

function checked(keep: number, layers: number): number {
  if (keep > layers) throw new UsageError(`llm distill: expected --layers to be at most ${layers}, those of the teacher, but found ${keep}.`);
  return keep;
}

function unknown(keep: string): never {
  throw new UsageError(`llm distill: expected --keep to be one of ${KEEP_NAMES.join(', ')} or numbers such as 0,2,4 but found ${keep}.`);
}

/** The teacher's weights as they are, or in few bits; what is not needed any more is freed. */
export async function teacherParams(weights: Tree, bits: (typeof STORED)[number]): Promise<Tree> {
  const format = storedAs(bits);
  if (format === undefined) return weights;
  const small = await quantizeBase(weights, { format });
  const kept = new Set(Object.values(flatten(small)));
  for (const tensor of Object.values(flatten(weights))) if (!kept.has(tensor)) tensor.dispose();
  return small;
}
