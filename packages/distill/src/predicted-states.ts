import { foldBias, hiddenOf, type ApplyOptions, type Model } from '@llm/model';
import { add, embed, isWeight, type Leaf, reshape, type Tensor, tensor, type Tree, type Weight } from '@llm/tensor';
import type { DistillBatch } from './distill-batch.ts';

/** What distillation needs of a model. */
export type DistilledModel = Pick<Model, 'hidden' | 'head' | 'headBias' | 'shape'>;

/** The rows of [rows, length, width] at some places, [places, width]. */
export function atPlaces(states: Tensor, places: Int32Array): Tensor {
  const width = states.shape.at(-1)!;
  return embed(tensor(places, [places.length], 'int32'), reshape(states, [states.size / width, width]));
}

/** The states that predict the targets of a batch, [targets, width], and the head over them, its bias worked in. */
export function predictedStates(model: DistilledModel, params: Tree, batch: DistillBatch, options: ApplyOptions = {}): { readonly states: Tensor; readonly head: Leaf } {
  const states = atPlaces(hiddenOf(model, params, batch, options), batch.places);
  const head = model.head(params);
  const bias = model.headBias?.(params);
  if (bias === undefined) return { states, head };
  if (!isWeight(head)) {
    const folded = foldBias(states, { head, bias });
    return { states: folded.hidden, head: folded.head };
  }
  const own = (weight: Weight): Weight => ({ shape: weight.shape, tensors: weight.tensors, with: (tensors) => own(weight.with(tensors)), apply: (x) => add(weight.apply(x), bias) });
  return { states, head: own(head) };
}
