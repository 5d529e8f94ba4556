/** What a detector found. */
export interface Finding {
  /** Which detector. */
  readonly detector: string;
  /** What it is, such as a kind of harm or 'repetition'. */
  readonly label: string;
  readonly score: number;
  readonly threshold: number;
}

/** A token as it was generated. */
export interface WatchedToken {
  readonly id: number;
  /** ln p under the model. */
  readonly logprob?: number | undefined;
  /** Of the distribution it was drawn from, in nats. */
  readonly entropy?: number | undefined;
}

/** Looks at what a user asks, at what a model writes, or at the tokens themselves; says nothing where nothing is wrong. */
export interface Detector {
  readonly name: string;
  /** Of the prompt, before anything is generated. */
  readonly intent?: (prompt: string) => Finding | undefined | Promise<Finding | undefined>;
  /** Of the latest text: what was shown last and what is held back. */
  readonly content?: (text: string) => Finding | undefined | Promise<Finding | undefined>;
  /** Of one generation, token by token; called anew for each. */
  readonly tokens?: () => (token: WatchedToken) => Finding | undefined;
}
