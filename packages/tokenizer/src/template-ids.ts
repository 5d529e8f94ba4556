import type { PostProcessorJson, TemplateJson } from './tokenizer-json.ts';

/** The special tokens that a post-processor puts around one text. Templates in a row wrap one around the other. */
export function templateIds(processor: PostProcessorJson | null): { before: number[]; after: number[] } {
  const steps = processor?.type === 'Sequence' ? processor.processors : processor ? [processor] : [];
  let before: number[] = [];
  let after: number[] = [];
  for (const step of steps) {
    if (step.type === 'BertProcessing' || step.type === 'RobertaProcessing') {
      before = [step.cls[1], ...before];
      after = [...after, step.sep[1]];
    }
    if (step.type !== 'TemplateProcessing') continue;
    const text = step.single.findIndex((piece) => 'Sequence' in piece);
    before = [...idsOf(step, 0, text), ...before];
    after = [...after, ...idsOf(step, text + 1, step.single.length)];
  }
  return { before, after };
}

function idsOf(template: TemplateJson, from: number, to: number): number[] {
  return template.single.slice(from, to).flatMap((piece) => ('SpecialToken' in piece ? template.special_tokens[piece.SpecialToken.id]!.ids : []));
}
