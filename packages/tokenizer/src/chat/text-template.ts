import { budgetOf } from './budget.ts';
import { ChatTemplateError } from './chat-template-error.ts';
import type { Filter } from './filter-context.ts';
import { globalFunctions } from './globals.ts';
import { runTemplate } from './interpreter.ts';
import { isStackOverflow, parseTemplate } from './jinja-nodes.ts';
import { charactersOf } from './marked-text.ts';
import type { TemplateLimits } from './types.ts';
import { textOf } from './value-text.ts';
import { isText, numberOf, valueOf } from './values.ts';

/** What a filter makes of a text, given the arguments that are written at it. */
export type TextFilter = (text: string, args: readonly (string | number)[]) => string;

export interface TextTemplateOptions {
  readonly limits?: TemplateLimits;
  /** Filters beside Jinja's own, by name. */
  readonly filters?: Readonly<Record<string, TextFilter>>;
}

/** A compiled template over plain data. */
export interface TextTemplate {
  /** The Jinja source. */
  readonly source: string;
  /** The text that it makes of these variables. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

/**
 * Compiles a Jinja template over plain data, such as a record of a dataset: as Jinja2 does by itself, with all whitespace kept, the last
 * line end too, and what is undefined refused. Within the same limits, and with the same functions, as `chatTemplate`.
 *
 * @throws ChatTemplateError for what cannot be compiled; `render` throws it for what is undefined or too large.
 *
 * @example
 * ```ts
 * import { textTemplate } from '@llm/tokenizer';
 * const question = textTemplate('Question: {{ question | trim }}\nAnswer:{% if hint is defined %} {{ hint }}{% endif %}\n');
 * if (question.render({ question: 'What is 2 + 2? ' }) !== 'Question: What is 2 + 2?\nAnswer:\n') throw new Error('unexpected');
 * ```
 */
export function textTemplate(source: string, { limits = {}, filters = {} }: TextTemplateOptions = {}): TextTemplate {
  const { body } = parseTemplate(source, { untrimmed: true });
  const added = new Map(Object.entries(filters).map(([name, filter]) => [name, filterOf(filter)]));
  return {
    source,
    render(variables) {
      const budget = budgetOf(limits);
      try {
        const known = new Map(Object.entries(variables).filter(([, value]) => value !== undefined).map(([name, value]) => [name, valueOf(value, { budget, trusted: true })]));
        return charactersOf(runTemplate(body, { variables: known, globals: globalFunctions(budget, () => new Date()), budget, strict: true, filters: added }));
      } catch (error) {
        if (!isStackOverflow(error)) throw error;
        throw new ChatTemplateError('E_TEMPLATE_LIMIT', 'render: expected a template without deep nesting but found one too deep to run. Check where it comes from.');
      }
    },
  };
}

const filterOf = (filter: TextFilter): Filter => (value, { args: { positional } }, { budget }) => {
  const text = filter(charactersOf(textOf(value, budget)), positional.map((arg) => (isText(arg) ? charactersOf(arg) : numberOf(arg) ?? charactersOf(textOf(arg, budget)))));
  budget.spendText(text.length);
  return text;
};
