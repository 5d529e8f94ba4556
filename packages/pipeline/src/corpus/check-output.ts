import { isWithin, wouldFind } from '@llm/data-quality/node';
import { CliError } from '../cli/cli-error.ts';
import { inputPath, isRemote } from './input-path.ts';

export interface CheckOutputOptions {
  readonly inputs: readonly string[];
  readonly cwd: string;
  readonly remedy: string;
  /** Refuse only what would be read there by its name, for a file that may lie beside the text. */
  readonly onlyRead?: boolean;
}

/** Refuses to write into what is read: the next run would take what this one wrote for data. Of a pattern, that is what matches it. */
export async function checkOutput(output: string, { inputs, cwd, remedy, onlyRead = false }: CheckOutputOptions): Promise<void> {
  for (const input of inputs) {
    if (isRemote(input)) continue;
    const path = inputPath(input, cwd);
    const isInside = isWithin(output, path);
    if (!(isInside && !onlyRead) && !(await wouldFind(path, output))) continue;
    throw new CliError('E_OUTPUT', `llm: expected to write outside of the text that is read but found ${output} ${!isInside ? 'among' : isWithin(path, output) ? 'to be' : 'inside'} ${input}. ${remedy}`);
  }
}
