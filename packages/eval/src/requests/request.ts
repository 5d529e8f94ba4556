/** Asks for ln p(continuation | context). */
export interface LoglikelihoodRequest {
  readonly context: string;
  readonly continuation: string;
}

/** An answer to it. */
export interface Loglikelihood {
  /** ln p(continuation | context), summed over its tokens, in nats. */
  readonly logprob: number;
  /** Whether each token of the continuation is the likeliest one: greedy decoding would write it. */
  readonly greedy: boolean;
}

/** How a text is generated. */
export interface GenerationKwargs {
  /** The text ends before the first of these. */
  readonly until?: readonly string[];
  /** Tokens at most; default 256. */
  readonly maxGenToks?: number;
  /** Draw instead of always taking the likeliest token; default: where the temperature is above 0. */
  readonly doSample?: boolean;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
}

/** Asks for a text that goes on from a context. */
export interface GenerationRequest {
  readonly context: string;
  readonly kwargs: GenerationKwargs;
}

/** One message of a conversation. */
export interface EvalMessage {
  readonly role: string;
  readonly content: string;
}

/** A model that answers requests: one in this process, or one behind an endpoint. Answers are in the order of the requests. */
export interface Scorer {
  /** What results say was measured. */
  readonly name: string;
  loglikelihood(requests: readonly LoglikelihoodRequest[]): Promise<Loglikelihood[]>;
  /** ln p of each whole text. */
  loglikelihoodRolling(texts: readonly string[]): Promise<number[]>;
  generateUntil(requests: readonly GenerationRequest[]): Promise<string[]>;
  /** The text of a conversation; missing where the model has no chat template. */
  readonly applyChatTemplate?: ((messages: readonly EvalMessage[], options: { readonly addGenerationPrompt: boolean }) => string) | undefined;
  /** Facts about the model for the results. */
  readonly info?: Readonly<Record<string, unknown>>;
}
