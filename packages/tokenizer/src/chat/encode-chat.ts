import type { Tokenizer } from '../tokenizer.ts';
import { assistantSpans } from './assistant-spans.ts';
import type { ChatMessage, ChatTemplate, EncodeChatOptions, EncodedChat, TextSpan } from './types.ts';

/**
 * Renders a conversation and encodes it, and says which tokens the assistant speaks: what transformers'
 * `apply_chat_template(tokenize=True, return_assistant_tokens_mask=True)` gives. No special tokens are added, since the template
 * writes its own; and text of a special token inside a message stays text unless `specialsInContent` is `control`.
 *
 * A token is the assistant's where any of its characters is. transformers looks up the tokens of the first and the last character
 * instead, and loses a span whose first or last character is whitespace that the tokenizer trims off its offsets, or the end of a
 * span inside a character of several tokens.
 *
 * Where the template has no `{% generation %}`, the assistant's words are what each of its messages adds to the conversation
 * before it with the generation prompt. For a template whose output is not the beginning of that for a longer conversation, reading
 * `assistantMask` throws a ChatTemplateError; the ids are there all the same.
 *
 * @example
 * ```ts
 * import { chatTemplate, encodeChat, templates, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['user assistant Hello! Hi.'], { vocabSize: 280, specialTokens: ['<|im_start|>', '<|im_end|>'] });
 * const messages = [{ role: 'user', content: 'Hello!' }, { role: 'assistant', content: 'Hi.' }];
 * const { ids, assistantMask } = encodeChat(tokenizer, chatTemplate(templates.chatml), messages);
 * const spoken = tokenizer.decode(ids.filter((_, i) => assistantMask[i] === 1));
 * if (spoken !== 'Hi.<|im_end|>') throw new Error('unexpected');
 * ```
 */
export function encodeChat(
  tokenizer: Tokenizer, template: ChatTemplate, messages: readonly ChatMessage[], options: EncodeChatOptions = {},
): EncodedChat {
  const { specialsInContent = 'text', ...rendering } = options;
  const { text, content, assistant } = template.renderWithSpans(messages, rendering);
  const allowSpecial = specialsInContent === 'control' ? true : outside(content);
  const { ids, offsets } = tokenizer.encodeWithOffsets(text, { allowSpecial, trimOffsets: false });
  let mask: Uint8Array | undefined;
  return {
    ids,
    text,
    offsets,
    // Found when it is asked for: who only wants ids may use a template whose answers can't be told from the rest.
    get assistantMask() {
      return (mask ??= maskOf(template.hasGeneration ? assistant : assistantSpans(template, messages, rendering), offsets));
    },
  };
}

function outside(spans: readonly TextSpan[]): (from: number, to: number) => boolean {
  return (from, to) => {
    // The first span that ends after `from`.
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (spans[middle]![1] > from) high = middle;
      else low = middle + 1;
    }
    return low === spans.length || spans[low]![0] >= to;
  };
}

function maskOf(spans: readonly TextSpan[], offsets: Uint32Array): Uint8Array {
  const mask = new Uint8Array(offsets.length / 2);
  let at = 0;
  for (let i = 0; i < mask.length; i++) {
    const from = offsets[2 * i]!;
    const to = offsets[2 * i + 1]!;
    while (at < spans.length && spans[at]![1] <= from) at++;
    if (at < spans.length && spans[at]![0] < to && from < to) mask[i] = 1;
  }
  return mask;
}
