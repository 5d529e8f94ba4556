import { ChatTemplateError } from './chat-template-error.ts';
import { charactersOf, concatTexts, marksOf, type Text } from './marked-text.ts';
import type { TemplateLimits } from './types.ts';

/** What is left of a rendering's limits. Everything that a template can make grow is paid for here before it is made. */
export interface Budget {
  /** Pays for `steps`, or throws. */
  spend(steps: number): void;
  /** Pays for a text of `length` characters that is about to be made. */
  spendText(length: number): void;
  /** Texts put one after another, paid for. */
  concat(parts: readonly Text[]): Text;
}

// Deeper macros or values than this are no template but an attack on the stack.
const DEEPEST = 200;

/** Throws where macros, blocks or values are nested too deep. */
export function checkDepth(depth: number): void {
  if (depth <= DEEPEST) return;
  throw new ChatTemplateError('E_TEMPLATE_LIMIT', `render: expected macros and values nested at most ${DEEPEST} deep but found more. A macro may be calling itself, or the data hold itself.`);
}

/** A fresh {@link Budget}. */
export function budgetOf({ maxSteps = 5_000_000, maxCharacters = 2 ** 24 }: TemplateLimits): Budget {
  let left = maxSteps;
  const spend = (steps: number): void => {
    left -= steps;
    if (left < 0) throw exceeded(`at most ${maxSteps} steps`, 'more', 'maxSteps');
  };
  const spendText = (length: number): void => {
    if (length > maxCharacters) throw exceeded(`texts of at most ${maxCharacters} characters`, String(length), 'maxCharacters');
    spend(length / 8);
  };
  return {
    spend,
    spendText,
    concat(parts) {
      let length = 0;
      for (const part of parts) {
        length += charactersOf(part).length;
        spend(1 + marksOf(part).length);
      }
      spendText(length);
      return concatTexts(parts);
    },
  };
}

function exceeded(expected: string, found: string, limit: string): ChatTemplateError {
  return new ChatTemplateError('E_TEMPLATE_LIMIT', `render: expected ${expected} but found ${found}. Raise limits.${limit} if the template can be trusted.`);
}
