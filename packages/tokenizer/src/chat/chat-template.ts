import { budgetOf, type Budget } from './budget.ts';
import { ChatTemplateError } from './chat-template-error.ts';
import { conversationValue } from './conversation.ts';
import { globalFunctions } from './globals.ts';
import { runTemplate } from './interpreter.ts';
import { isStackOverflow, parseTemplate } from './jinja-nodes.ts';
import { charactersOf, marksOf, type Mark } from './marked-text.ts';
import type { ChatFormat, ChatMessage, ChatTemplate, ChatTemplateOptions, RenderedChat, RenderOptions, TextSpan } from './types.ts';
import { valueOf, type Value } from './values.ts';

/**
 * Compiles a Hugging Face chat template, or one of `templates`: Jinja with `{% generation %}` blocks, `raise_exception`, `strftime_now`, a `tojson` that
 * escapes nothing for HTML, break and continue, whitespace around blocks trimmed, all as transformers does it.
 *
 * A template from a stranger can do no more than waste the steps and characters of `limits`: it sees plain data and the functions
 * of this package, nothing of JavaScript, and what goes beyond the limits ends with a {@link ChatTemplateError}.
 *
 * Not supported, and refused: blocks other than if, for, set, macro, call, filter and generation; tests with arguments after `is`;
 * more than one comparison in a row is read from left to right, where Python chains them.
 *
 * @example
 * ```ts
 * import { chatTemplate } from '@llm/tokenizer';
 * const template = chatTemplate('{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{{ eos_token }}{% endfor %}', { eosToken: '</s>' });
 * const text = template.render([{ role: 'user', content: ' Hello! ' }]);
 * if (text !== '<user>Hello!</s>') throw new Error('unexpected');
 * ```
 *
 * https://jinja.palletsprojects.com/en/stable/templates/
 */
export function chatTemplate(template: string | ChatFormat, given: ChatTemplateOptions = {}): ChatTemplate {
  const { source, specialTokens: _, ...tokens } = typeof template === 'string' ? { source: template, specialTokens: [] } : template;
  const options = { ...tokens, ...given };
  const { body, hasGeneration } = parseTemplate(source);
  const { limits = {}, now = (): Date => new Date() } = options;

  function renderWithSpans(messages: readonly ChatMessage[], rendering: RenderOptions = {}): RenderedChat {
    const budget = budgetOf(limits);
    try {
      const text = runTemplate(body, { variables: variablesOf(messages, { options, rendering, budget }), globals: globalFunctions(budget, now), budget });
      const marks = marksOf(text);
      return { text: charactersOf(text), assistant: spansOf(marks, 'assistant'), content: spansOf(marks, 'content') };
    } catch (error) {
      if (!isStackOverflow(error)) throw error;
      throw new ChatTemplateError('E_TEMPLATE_LIMIT', 'render: expected a template without deep nesting but found one too deep to run. Check where it comes from.');
    }
  }

  return { source, hasGeneration, renderWithSpans, render: (messages, rendering) => renderWithSpans(messages, rendering).text };
}

function spansOf(marks: readonly Mark[], kind: Mark['kind']): TextSpan[] {
  return marks.filter((mark) => mark.kind === kind).map(({ from, to }) => [from, to] as const).sort((a, b) => a[0] - b[0]);
}

function variablesOf(messages: readonly ChatMessage[], { options, rendering, budget }: {
  options: ChatTemplateOptions; rendering: RenderOptions; budget: Budget;
}): Map<string, Value> {
  const { bosToken, eosToken, padToken, unkToken } = options;
  const { addGenerationPrompt = false, tools, documents } = rendering;
  const variables = new Map<string, Value>();
  const tokens = { bos_token: bosToken, eos_token: eosToken, pad_token: padToken, unk_token: unkToken };
  const put = (values: Readonly<Record<string, unknown>>, trusted: boolean): void => {
    for (const [name, value] of Object.entries(values)) if (value !== undefined) variables.set(name, valueOf(value, { budget, trusted }));
  };
  put({ ...tokens, ...options.variables }, true);
  variables.set('messages', conversationValue(messages, budget));
  variables.set('add_generation_prompt', addGenerationPrompt);
  put({ tools: tools ?? null, documents: documents ?? null, ...rendering.variables }, false);
  return variables;
}
