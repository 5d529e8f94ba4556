/** A turn of a conversation, as chat templates take it. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** Text, or a conversation. */
export type TextOrMessages = string | readonly Message[];

/** A pair of completions; without a prompt it is what both begin with. */
export interface PreferenceExample {
  readonly prompt?: TextOrMessages;
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
  readonly margin?: number;
}

/** A completion that is good (`label` true) or bad by itself. */
export interface UnpairedExample {
  readonly prompt: TextOrMessages;
  readonly completion: TextOrMessages;
  readonly label: boolean;
}

/** A solution in steps, each right or wrong. */
export interface StepwiseExample {
  readonly prompt: string;
  readonly completions: readonly string[];
  readonly labels: readonly boolean[];
}

/** TRL's types of datasets that preferences are learned from. */
export type PreferenceKind = 'preference' | 'implicit prompt' | 'unpaired' | 'stepwise';

export interface Detected {
  readonly kind: PreferenceKind;
  /** Messages instead of text. */
  readonly conversational: boolean;
}

const isMessages = (value: unknown): value is Message[] => Array.isArray(value) && value.length > 0
  && value.every((message: unknown) => typeof message === 'object' && message !== null && typeof (message as Message).role === 'string' && typeof (message as Message).content === 'string');

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value)?.slice(0, 60) ?? typeof value);

/**
 * Which of TRL's types a dataset has, with every example checked to be of it.
 *
 *   preference        { prompt, chosen, rejected }
 *   implicit prompt   { chosen, rejected }, which begin alike
 *   unpaired          { prompt, completion, label }
 *   stepwise          { prompt, completions, labels }
 *
 * @throws TypeError naming the example and the field that is missing or of another kind than in the first.
 */
export function detectPreferences(examples: readonly unknown[]): Detected {
  const [first] = examples;
  if (first === undefined) throw new RangeError('detectPreferences: expected at least one example but found none');
  const keys = new Set(Object.keys(first as object));
  const kind: PreferenceKind | undefined = keys.has('chosen') && keys.has('rejected') ? (keys.has('prompt') ? 'preference' : 'implicit prompt')
    : keys.has('completion') && keys.has('label') ? 'unpaired' : keys.has('completions') && keys.has('labels') ? 'stepwise' : undefined;
  if (kind === undefined) {
    throw new TypeError(`detectPreferences: expected chosen and rejected, or prompt, completion and label, or prompt, completions and labels, but found ${[...keys].join(', ') || 'no fields'}. Rename the fields of the dataset.`);
  }
  const fields = { 'preference': ['prompt', 'chosen', 'rejected'], 'implicit prompt': ['chosen', 'rejected'], 'unpaired': ['prompt', 'completion'], 'stepwise': ['prompt'] }[kind];
  const conversational = isMessages((first as Record<string, unknown>)[fields[0]!]);
  for (const [i, example] of examples.entries()) {
    const fail = (field: string, expected: string, found: unknown): never => {
      throw new TypeError(`detectPreferences: expected ${field} of example ${i} to be ${expected} but found ${shown(found)}. Make all examples of one kind.`);
    };
    const record = example as Record<string, unknown>;
    if (typeof example !== 'object' || example === null) fail('the fields', 'an object', example);
    for (const field of fields) {
      const value = record[field];
      if (kind !== 'stepwise' && conversational) {
        if (!isMessages(value)) fail(field, 'messages with role and content', value);
      } else if (typeof value !== 'string') fail(field, kind === 'stepwise' ? 'text' : 'text, as in the first', value);
    }
    if (kind === 'unpaired' && typeof record.label !== 'boolean') fail('label', 'true or false', record.label);
    if (kind === 'stepwise') checkSteps(record, fail);
    if (record.margin !== undefined && typeof record.margin !== 'number') fail('margin', 'a number', record.margin);
  }
  return { kind, conversational: kind !== 'stepwise' && conversational };
}

function checkSteps({ completions, labels }: Record<string, unknown>, fail: (field: string, expected: string, found: unknown) => never): void {
  if (!Array.isArray(completions) || completions.length === 0 || !completions.every((step) => typeof step === 'string')) fail('completions', 'a list of texts', completions);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'boolean')) fail('labels', 'a list of true or false', labels);
  const [steps, marks] = [(completions as unknown[]).length, (labels as unknown[]).length];
  if (steps !== marks) fail('labels', `as many as its ${steps} completions`, labels);
}
