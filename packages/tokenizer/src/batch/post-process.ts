import type { PostProcessorJson, ProcessorJson, TemplatePieceJson } from '../tokenizer-json.ts';

/** Ids of one kind in a row: a text, or special tokens. */
export interface Run {
  readonly ids: ArrayLike<number>;
  /** Of each id; one for all where it is a number. */
  readonly types: number | readonly number[];
}

function stepsOf(processor: PostProcessorJson | null): readonly ProcessorJson[] {
  return processor?.type === 'Sequence' ? processor.processors : processor ? [processor] : [];
}

/** How many ids a post-processor adds to a text, or to a pair. */
export function addedCount(processor: PostProcessorJson | null, isPair: boolean): number {
  let count = 0;
  for (const step of stepsOf(processor)) {
    if (step.type === 'BertProcessing') count += isPair ? 3 : 2;
    if (step.type === 'RobertaProcessing') count += isPair ? 4 : 2;
    if (step.type === 'TemplateProcessing') {
      for (const piece of isPair ? step.pair : step.single) if ('SpecialToken' in piece) count += step.special_tokens[piece.SpecialToken.id]!.ids.length;
    }
  }
  return count;
}

/** The runs of a row: what a post-processor makes of one text or two, with its special tokens or only with its types. */
export function postProcess(texts: readonly ArrayLike<number>[], { processor, addSpecialTokens }: { processor: PostProcessorJson | null; addSpecialTokens: boolean }): Run[] {
  let runs: Run[] = texts.map((ids, i) => ({ ids, types: i }));
  for (const step of stepsOf(processor)) {
    if (step.type === 'TemplateProcessing') runs = applyTemplate(step, runs, addSpecialTokens);
    // RoBERTa knows no types, with special tokens or without.
    if (step.type === 'RobertaProcessing') runs = runs.map(({ ids }) => ({ ids, types: 0 }));
    if (!addSpecialTokens) continue;
    if (step.type === 'RobertaProcessing') runs = runs.map((run, i) => around(run, { before: i === 0 ? step.cls[1] : step.sep[1], after: step.sep[1], type: 0 }));
    if (step.type === 'BertProcessing') runs = runs.map((run, i) => around(run, { before: i === 0 ? step.cls[1] : undefined, after: step.sep[1], type: i === 0 ? 0 : 1 }));
  }
  return runs;
}

function applyTemplate({ single, pair, special_tokens }: Extract<ProcessorJson, { type: 'TemplateProcessing' }>, runs: readonly Run[], addSpecialTokens: boolean): Run[] {
  if (runs.length > 2) {
    throw new RangeError(`encodeBatch: expected a template around one text or two but found it behind another step that made ${runs.length} parts. Put both into one TemplateProcessing.`);
  }
  return (runs.length === 2 ? pair : single).flatMap((piece: TemplatePieceJson): Run[] => {
    if ('Sequence' in piece) return [{ ids: runs[piece.Sequence.id === 'A' ? 0 : 1]!.ids, types: piece.Sequence.type_id }];
    return addSpecialTokens ? [{ ids: special_tokens[piece.SpecialToken.id]!.ids, types: piece.SpecialToken.type_id }] : [];
  });
}

function around({ ids, types }: Run, { before, after, type }: { before: number | undefined; after: number; type: number }): Run {
  const inner = Array.from(ids, (_, i) => (typeof types === 'number' ? types : types[i]!));
  const first = before === undefined ? [] : [before];
  return { ids: [...first, ...Array.from(ids), after], types: [...first.map(() => type), ...inner, type] };
}
