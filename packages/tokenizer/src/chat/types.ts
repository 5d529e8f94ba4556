/** One message of a conversation; a template may read any further field of it. */
export interface ChatMessage {
  readonly role: string;
  /** A text, or the parts that some templates take (`[{ type: 'text', text: '…' }]`). */
  readonly content?: string | readonly Readonly<Record<string, unknown>>[] | null;
  readonly [field: string]: unknown;
}

/** What a template may spend before it is stopped. */
export interface TemplateLimits {
  /** Steps of the interpreter, where copying 8 characters or one element counts as one. Default 5,000,000 (about a second). */
  readonly maxSteps?: number;
  /** UTF-16 units of the longest string, the output included. Default 2²⁴. */
  readonly maxCharacters?: number;
}

/** A family's chat format, as data. */
export interface ChatFormat {
  /** The Jinja template, which marks the assistant's words. */
  readonly source: string;
  /** The control tokens that a tokenizer needs, all special. */
  readonly specialTokens: readonly string[];
  readonly bosToken?: string;
  /** What ends an answer. */
  readonly eosToken: string;
}

export interface ChatTemplateOptions {
  readonly bosToken?: string;
  readonly eosToken?: string;
  readonly padToken?: string;
  readonly unkToken?: string;
  /** Further variables that the template sees in every rendering, as trusted as the template itself. */
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly limits?: TemplateLimits;
  /** The clock that `strftime_now` reads. Default: now, in local time. */
  readonly now?: () => Date;
}

export interface RenderOptions {
  /** End with what begins an assistant's answer. Default false. */
  readonly addGenerationPrompt?: boolean;
  /** The JSON schemas of the functions that the model may call. */
  readonly tools?: readonly unknown[];
  /** Documents to answer from. */
  readonly documents?: readonly unknown[];
  /** Further variables for this rendering (`{ enable_thinking: false }`). They win over all others; their texts count as content. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** `[from, to)` in UTF-16 units. */
export type TextSpan = readonly [from: number, to: number];

/** A rendered conversation, and where its parts come from. */
export interface RenderedChat {
  readonly text: string;
  /** What the assistant says: the output of the `{% generation %}` blocks, in order. */
  readonly assistant: readonly TextSpan[];
  /** What was copied from messages, tools and documents rather than written by the template, in order and apart. */
  readonly content: readonly TextSpan[];
}

/** A compiled chat template. */
export interface ChatTemplate {
  /** The Jinja source. */
  readonly source: string;
  /** Whether the template marks the assistant's words with `{% generation %}`. */
  readonly hasGeneration: boolean;
  /** The text of a conversation. */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
  /** The text of a conversation, and where its parts come from. */
  renderWithSpans(messages: readonly ChatMessage[], options?: RenderOptions): RenderedChat;
}

export interface EncodeChatOptions extends RenderOptions {
  /**
   * What the text of a special token inside a message, tool or document becomes: `text` (the default), so that nobody can
   * end a turn or open a system turn by writing `<|im_end|>`; or `control`, as Hugging Face does unless told not to. Added tokens
   * that the file does not mark as special (Qwen's `<tool_call>`) are ordinary vocabulary and found in either case.
   */
  readonly specialsInContent?: 'text' | 'control';
}

export interface EncodedChat {
  readonly ids: Uint32Array;
  /** 1 for the tokens that the assistant says, [ids.length]; throws a ChatTemplateError where they can't be told from the rest. */
  readonly assistantMask: Uint8Array;
  /** The rendered text that the ids spell. */
  readonly text: string;
  /** The UTF-16 span in `text` of each id, [2 · ids.length]: from, to, from, to, … */
  readonly offsets: Uint32Array;
}
