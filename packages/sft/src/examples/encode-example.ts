import { type ChatTemplate, encodeChat, type EncodedChat, type Tokenizer } from '@llm/tokenizer';
import { SFT_DEFAULTS } from '../defaults.ts';
import { type Message, messagesOf, type RawExample } from '../formats/raw-example.ts';
import { SftError } from '../sft-error.ts';
import type { Example } from './example.ts';
import { turnWeights, weightOf } from './turn-weights.ts';

export interface EncodeExampleOptions {
  readonly tokenizer: Tokenizer;
  /** How conversations are rendered; needed for them. */
  readonly template?: ChatTemplate;
  /** The id put behind plain text that does not end with it; needed for plain text. Templates write their own. */
  readonly eosId?: number;
  /** Learn only the completion; default: where there is a prompt apart from it. `false` also learns the prompt (`train_on_inputs`). */
  readonly completionOnlyLoss?: boolean;
  /** Learn only what the assistant says, in conversations; default false. Together with the above, what both allow. */
  readonly assistantOnlyLoss?: boolean;
  /** Learn only what these roles say, by turns; default: all that the above allow. `['assistant']` is `assistantOnlyLoss`. */
  readonly rolesToTrain?: readonly string[];
  /**
   * What the text of a special token inside a record becomes: `text` (the default), so that no record can end a turn by writing
   * `<|im_end|>`; or `control`, as TRL does.
   */
  readonly specialsInContent?: 'text' | 'control';
}

/**
 * A record as tokens, and which of them are learned, by TRL's rules: the prompt of prompt-completion data is not, all of a
 * conversation or text is, unless asked otherwise; a message with `train: false` or a `weight` changes that for its turn.
 *
 * The completion begins where the tokens of the prompt alone and of prompt and completion part.
 *
 * @throws SftError E_TEMPLATE where a conversation comes without a template or the template cannot tell turns apart, E_MASK where
 * the assistant was asked for and says nothing. TypeError for text without `eosId`.
 *
 * @example
 * ```ts
 * import { encodeExample, readExample } from '@llm/sft';
 * import { trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['2 + 2 = 4'], { vocabSize: 257, specialTokens: ['<end>'] });
 * const eosId = tokenizer.specialTokens.get('<end>')!;
 * const { ids, weights } = encodeExample(readExample({ prompt: '2+2=', completion: '4' }), { tokenizer, eosId });
 * if (weights.join() !== '0,0,0,0,1,1' || ids[5] !== eosId) throw new Error('the answer and the end are learned');
 * ```
 */
export function encodeExample(raw: RawExample, options: EncodeExampleOptions): Example {
  const encoded = typeof raw.completion === 'string' ? encodeText(raw, raw.completion, options) : encodeMessages(raw, raw.completion, options);
  const { completionOnlyLoss = raw.prompt !== undefined } = options;
  if (completionOnlyLoss) encoded.weights.fill(0, 0, encoded.promptLength);
  return { ids: encoded.ids, weights: encoded.weights, index: raw.index };
}

interface Encoded {
  readonly ids: Int32Array;
  readonly weights: Float32Array;
  /** Tokens before the completion. */
  readonly promptLength: number;
}

function encodeText({ prompt = '', index }: RawExample, completion: string, options: EncodeExampleOptions): Encoded {
  const { tokenizer, eosId, specialsInContent = 'text', assistantOnlyLoss, rolesToTrain } = options;
  if (assistantOnlyLoss === true || rolesToTrain !== undefined) {
    throw new SftError('E_FORMAT', 'encodeExample: expected a conversation for assistantOnlyLoss or rolesToTrain but found plain text. Leave them out: the prompt of prompt and completion is not learned anyway', { record: index });
  }
  if (eosId === undefined) throw new TypeError('encodeExample: expected eosId, the id that ends a text, but found none. Without it the model never learns to stop; give that of the tokenizer.');
  const encode = (text: string): Uint32Array => tokenizer.encode(text, { addSpecialTokens: true, allowSpecial: specialsInContent === 'control' });
  const given = typeof prompt === 'string' ? prompt : '';
  const whole = encode(given + completion);
  const ids = Int32Array.from(whole.at(-1) === eosId ? whole : [...whole, eosId]);
  return { ids, weights: new Float32Array(ids.length).fill(1), promptLength: commonPrefix(encode(given), ids) };
}

function encodeMessages(raw: RawExample, completion: readonly Message[], options: EncodeExampleOptions): Encoded {
  const { tokenizer, template, specialsInContent = 'text', assistantOnlyLoss = SFT_DEFAULTS.assistantOnlyLoss, rolesToTrain } = options;
  const { prompt, tools, variables, index } = raw;
  if (template === undefined) {
    throw new SftError('E_TEMPLATE', 'encodeExample: expected a chat template for a conversation but found none. Give the model\'s own, or one of those in @llm/tokenizer', { record: index });
  }
  const rendering = { ...(tools === undefined ? {} : { tools }), ...(variables === undefined ? {} : { variables }) };
  const messages = messagesOf(raw);
  // Where nobody asks what the assistant says, a template that cannot tell will do: it is not looked for.
  const unasked = { ...template, hasGeneration: true };
  const asked = assistantOnlyLoss || rolesToTrain?.includes('assistant') === true;
  const chat = encodeChat(tokenizer, asked ? template : unasked, messages, { ...rendering, specialsInContent });
  const ids = Int32Array.from(chat.ids);
  const weights = new Float32Array(ids.length).fill(1);
  if (assistantOnlyLoss) keepAssistant(weights, chat, index);
  if (rolesToTrain !== undefined || messages.some((message) => weightOf(message) !== 1)) {
    const byTurn = turnWeights(chat, { template, messages, rendering, rolesToTrain, record: index });
    byTurn.forEach((weight, i) => { weights[i]! *= weight; });
  }
  const promptLength = prompt === undefined || typeof prompt === 'string' ? 0
    : commonPrefix(encodeChat(tokenizer, unasked, prompt, { ...rendering, specialsInContent, addGenerationPrompt: true }).ids, ids);
  return { ids, weights, promptLength };
}

function keepAssistant(weights: Float32Array, { assistantMask }: EncodedChat, record: number | undefined): void {
  if (!assistantMask.includes(1)) {
    throw new SftError('E_MASK', 'encodeExample: expected something that the assistant says but found nothing. Check the roles of the record and the {% generation %} marks of the chat template', { record });
  }
  assistantMask.forEach((spoken, i) => { weights[i]! *= spoken; });
}

function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
