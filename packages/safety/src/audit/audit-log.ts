import { SafetyError } from '../safety-error.ts';
import { redactSecrets } from './redact.ts';

/** Which of the four layers something happened in. */
export type Layer = 'pretraining' | 'fine-tuning' | 'inference' | 'evaluation';

/** Something worth keeping. */
export interface AuditEvent {
  readonly layer: Layer;
  /** What was done, such as 'drop', 'stop', 'correct', 'roll back' or 'gate'. */
  readonly action: string;
  readonly reason?: string;
  /** Numbers and names that explain it. Text belongs in `texts`. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
  /** Texts it is about. The log keeps their lengths and keyed digests, and the words only where it was asked to. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** A line of the log. */
export interface AuditEntry extends Omit<AuditEvent, 'texts'> {
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly texts?: Readonly<Record<string, { readonly characters: number; readonly digest: string; readonly text?: string }>>;
  /** The hash of the line before; 64 zeros in the first. */
  readonly previous: string;
  /** SHA-256 of the rest of this line. */
  readonly hash: string;
}

export interface AuditLogOptions {
  /** Takes each line, without its line end. */
  readonly write: (line: string) => void | Promise<void>;
  /** Keep the words of texts, secrets removed; default false. */
  readonly keepTexts?: boolean;
  /** Of the digests, by which the same text can be found again: whoever lacks it can guess no text from its digest. Default a random one that is kept nowhere. */
  readonly key?: Uint8Array<ArrayBuffer>;
  /** The last line of a log that goes on. */
  readonly last?: Pick<AuditEntry, 'sequence' | 'hash'>;
  readonly now?: () => Date;
}

/** What happened, in order, in a form that shows when somebody changed it. */
export interface AuditLog {
  /** Appends a line once those before it are written. */
  record(event: AuditEvent): Promise<AuditEntry>;
  /** The digest that a text has in this log. */
  digest(text: string): Promise<string>;
}

const FIRST = '0'.repeat(64);
const encoder = new TextEncoder();
const hex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (text: string): Promise<string> => hex(await crypto.subtle.digest('SHA-256', encoder.encode(text)));

/**
 * An audit log: JSON lines, each of which holds the hash of the one before, so that a line that is changed, left out or put in breaks the chain.
 *
 *   hash_n = SHA-256(line_n without its hash),  line_n holds hash_{n−1}
 *
 * No text of a user and no secret gets into it, unless `keepTexts` asks for texts; secrets of known forms are removed everywhere.
 *
 * @example
 * ```ts
 * import { auditLog, verifyAuditLog } from '@llm/safety';
 * const lines: string[] = [];
 * const log = auditLog({ write: (line) => { lines.push(line); } });
 * await log.record({ layer: 'inference', action: 'stop', reason: 'threat', texts: { output: 'what nobody should read' } });
 * await log.record({ layer: 'evaluation', action: 'gate', details: { passed: true } });
 * if ((await verifyAuditLog(lines)).length !== 2 || lines.join().includes('nobody')) throw new Error('two lines, no words');
 * ```
 */
export function auditLog({ write, keepTexts = false, key = crypto.getRandomValues(new Uint8Array(32)), last, now = () => new Date() }: AuditLogOptions): AuditLog {
  const signing = crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  let previous = last?.hash ?? FIRST;
  let sequence = last === undefined ? 0 : last.sequence + 1;
  let tail: Promise<unknown> = Promise.resolve();
  const digest = async (text: string): Promise<string> => hex(await crypto.subtle.sign('HMAC', await signing, encoder.encode(text)));

  async function append({ texts, reason, details, action, layer }: AuditEvent): Promise<AuditEntry> {
    const kept = texts === undefined ? undefined : Object.fromEntries(await Promise.all(Object.entries(texts).map(async ([name, text]) => [
      name, { characters: Array.from(text).length, digest: await digest(text), ...(keepTexts ? { text: redactSecrets(text) } : {}) },
    ] as const)));
    const body = {
      sequence, time: now().toISOString(), layer, action: redactSecrets(action), ...(reason === undefined ? {} : { reason: redactSecrets(reason) }),
      ...(details === undefined ? {} : { details: Object.fromEntries(Object.entries(details).map(([name, value]) => [name, typeof value === 'string' ? redactSecrets(value) : value])) }),
      ...(kept === undefined ? {} : { texts: kept }), previous,
    };
    const entry = { ...body, hash: await sha256(JSON.stringify(body)) };
    await write(JSON.stringify(entry));
    // Only what is written counts: where writing failed, the next line takes this place.
    previous = entry.hash;
    sequence++;
    return entry;
  }

  return {
    digest,
    record(event) {
      const done = tail.then(() => append(event));
      tail = done.catch(() => {});
      return done;
    },
  };
}

/**
 * Reads a log and checks its chain.
 *
 * @throws SafetyError E_AUDIT naming the first line that is not what was written.
 */
export async function verifyAuditLog(lines: readonly string[]): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let previous = FIRST;
  for (const [i, line] of lines.entries()) {
    const fail = (what: string): never => {
      throw new SafetyError('E_AUDIT', `verifyAuditLog: expected line ${i + 1} to ${what}. The log was changed from there on; go by a copy.`);
    };
    let entry: AuditEntry;
    try {
      entry = JSON.parse(line) as AuditEntry;
    } catch {
      return fail('be JSON but found something else');
    }
    const { hash, ...body } = entry;
    if (body.sequence !== i) fail(`have the number ${i} but found ${body.sequence}`);
    if (body.previous !== previous) fail('follow the line before it but found the hash of another');
    if (hash !== await sha256(JSON.stringify(body))) fail('have the hash that it names but found another');
    previous = hash;
    entries.push(entry);
  }
  return entries;
}
