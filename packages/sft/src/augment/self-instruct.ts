import { isFields } from '../formats/fields.ts';
import { answerText, promptText, type RawExample } from '../formats/raw-example.ts';
import { readExample } from '../formats/read-example.ts';
import { mix } from '../order/shuffled.ts';
import type { Propose } from './augment.ts';
import type { GenerateText } from './rewrite-prompt.ts';

export interface SelfInstructOptions {
  /** Examples shown, the given one among them; default 3. */
  readonly shown?: number;
  /** New ones asked for; default 1. */
  readonly count?: number;
}

/**
 * Proposes new tasks with their answers, after a few that are shown. What comes back and is no JSON object of instruction and output is
 * left out.
 *
 * Wang et al. 2022, https://arxiv.org/abs/2212.10560
 */
export function selfInstruct(generate: GenerateText, { shown = 3, count = 1 }: SelfInstructOptions = {}): Propose {
  return async (example, { seed, others }) => {
    const some = [example, ...Array.from({ length: shown - 1 }, (_, i) => others[mix(seed * 31 + i) % others.length]!)];
    const tasks = some.map((each) => JSON.stringify({ instruction: promptText(each), output: answerText(each) })).join('\n');
    const answer = await generate(
      `Below are tasks with their answers, one JSON object a line. Write ${count} more that ask for something else, in the same form, and nothing besides.\n\n${tasks}\n`, { seed },
    );
    return answer.split('\n').flatMap(parsed).slice(0, count);
  };
}

function parsed(line: string): RawExample[] {
  try {
    const value = JSON.parse(line) as unknown;
    return isFields(value) && typeof value.instruction === 'string' && typeof value.output === 'string' ? [readExample(value)] : [];
  } catch {
    return [];
  }
}
