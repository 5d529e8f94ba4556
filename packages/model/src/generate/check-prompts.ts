import type { ModelShape } from '../model-shape.ts';

/** Refuses prompts and counts that cannot be run, before anything is allocated. */
export function checkPrompts(
  prompts: readonly ArrayLike<number>[], { shape: { vocabSize, maxPositions }, ...counts }: { shape: ModelShape; maxTokens: number; prefillTokens: number; samples: number },
): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`generate: expected ${name} of 1 or more but found ${value}`);
  }
  for (const [row, prompt] of prompts.entries()) {
    if (!(prompt.length > 0)) throw new RangeError(`generate: expected a prompt of at least one id but found none in row ${row}. Begin with the token that begins a text.`);
    if (prompt.length > maxPositions) {
      throw new RangeError(`generate: expected a prompt of at most ${maxPositions} ids but found ${prompt.length} in row ${row}. Shorten it, or use a model with a longer context.`);
    }
    for (let i = 0; i < prompt.length; i++) {
      const id = prompt[i]!;
      if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
        throw new RangeError(`generate: expected ids from 0 to ${vocabSize - 1} but found ${id} at ${i} in row ${row}. Encode the prompt with the tokenizer of this model.`);
      }
    }
  }
}
