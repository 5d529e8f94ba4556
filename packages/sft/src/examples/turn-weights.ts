import type { ChatTemplate, EncodedChat, RenderOptions, TextSpan } from '@llm/tokenizer';
import type { Message } from '../formats/raw-example.ts';
import { SftError } from '../sft-error.ts';

/** How much a message counts: nothing with `train: false`, else its weight, else 1. */
export function weightOf({ train, weight }: Message): number {
  return train === false ? 0 : weight ?? 1;
}

export interface TurnWeightOptions {
  readonly template: ChatTemplate;
  readonly messages: readonly Message[];
  readonly rendering: RenderOptions;
  readonly rolesToTrain: readonly string[] | undefined;
  readonly record: number | undefined;
}

/**
 * The weight of each token by the turn that it belongs to.
 *
 * Turn k reaches from where the first k messages, rendered alone, end in the whole text, to where the first k + 1 do. With
 * `rolesToTrain`, of the assistant's turns what it says counts, of other roles' turns what begins with their content and ends with
 * the turn; without, whole turns, with their headers.
 *
 * @throws SftError E_TEMPLATE where the template refuses the beginning of a conversation, or writes it otherwise alone.
 */
export function turnWeights({ text, offsets, assistantMask }: EncodedChat, options: TurnWeightOptions): Float32Array {
  const { messages, rolesToTrain } = options;
  const ends = turnEnds(text, options);
  const content = rolesToTrain?.some((role) => role !== 'assistant') === true ? options.template.renderWithSpans(messages, options.rendering).content : [];
  let turn = 0;
  return Float32Array.from(assistantMask, (spoken, token) => {
    const from = offsets[2 * token]!;
    const to = offsets[2 * token + 1]!;
    while (turn < messages.length - 1 && from >= ends[turn]!) turn++;
    const message = messages[turn]!;
    if (rolesToTrain !== undefined) {
      if (!rolesToTrain.includes(message.role)) return 0;
      if (message.role === 'assistant' ? spoken === 0 : to <= contentStart(content, turn === 0 ? 0 : ends[turn - 1]!, ends[turn]!)) return 0;
    }
    return weightOf(message);
  });
}

/** Where each turn ends in the text of the whole conversation. */
function turnEnds(text: string, { template, messages, rendering, record }: TurnWeightOptions): number[] {
  const ends: number[] = [];
  for (let count = 1; count < messages.length; count++) {
    let begun: string;
    try {
      begun = template.render(messages.slice(0, count), rendering);
    } catch (cause) {
      // A template may refuse a conversation of the system alone: its turn then goes with the next.
      if (messages[count - 1]!.role === 'system') {
        ends.push(ends.at(-1) ?? 0);
        continue;
      }
      throw new SftError('E_TEMPLATE', `turnWeights: expected a template that renders the first ${count} messages alone but found that it refuses them: ${(cause as Error).message}. Leave the weights of single turns out`, { record });
    }
    const end = begun.length - (text.startsWith(begun) ? 0 : begun.length - sharedLength(begun, text));
    if (end <= (ends.at(-1) ?? 0)) {
      throw new SftError('E_TEMPLATE', `turnWeights: expected a template that writes message ${count} as it does in the whole conversation but found another beginning. Leave the weights of single turns out`, { record });
    }
    ends.push(end);
  }
  return [...ends, text.length];
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Where the content of the turn in [from, to) begins: its end where it has none. */
function contentStart(content: readonly TextSpan[], from: number, to: number): number {
  return content.find(([start]) => start >= from && start < to)?.[0] ?? to;
}
