/** Where a command reads and writes, so that it can run without a process of its own. */
export interface Io {
  /** Results: what a script may read. */
  readonly out: (text: string) => void;
  /** Progress, notices and errors: what a person reads. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal that can redraw a line. */
  readonly isTTY: boolean;
  /** Whether questions can be asked. */
  readonly isInteractive: boolean;
  readonly columns: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Lines that the user types, for questions and for chat. */
  readonly lines: () => AsyncIterable<string>;
  /** Fires when the user or the system asks to stop; `reason` is the signal's name. */
  readonly stop: AbortSignal;
}

/** Removes what could steer a terminal: text of a model or a data set must never do that. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- removing control characters is the purpose
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');
}
