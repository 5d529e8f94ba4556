/** What stands where a secret stood. */
export const REDACTED = '[removed]';

/** Secrets that are known by how they look: keys of services, bearer tokens, passwords in addresses, private keys. */
const SHAPES: readonly RegExp[] = [
  /\b(?:hf|sk|pk|rk|ghp|gho|ghs|ghu|glpat|xox[abprs])[-_][\w-]{12,}/g,
  /\bgithub_pat_\w{20,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const IN_ADDRESS = /(\b[a-z][\w+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi;
const NAMED = /((?:api[-_ ]?key|access[-_ ]?key|secret|passw(?:or)?d|auth(?:orization)?|access[-_ ]?token|hf[-_ ]?token)["']?\s*[=:]\s*["']?)[^\s"'&,}]{4,}/gi;
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i;
/** Shorter values are words that stand elsewhere too. */
const SHORTEST = 8;

/**
 * A text without what looks like a secret, and without the values of environment variables that are named like one: for everything
 * that is written to be read by others.
 *
 * @example
 * ```ts
 * import { redacted } from '@llm/pipeline';
 * if (redacted('https://me:secret1@host/v1') !== 'https://[removed]@host/v1') throw new Error('a password in an address');
 * ```
 */
export function redacted(text: string, env: Readonly<Record<string, string | undefined>> = {}): string {
  let clean = text;
  for (const [name, value] of Object.entries(env)) {
    if (SECRET_NAME.test(name) && value !== undefined && value.length >= SHORTEST) clean = clean.replaceAll(value, REDACTED);
  }
  for (const shape of SHAPES) clean = clean.replace(shape, REDACTED);
  return clean.replace(BEARER, `$1 ${REDACTED}`).replace(IN_ADDRESS, `$1${REDACTED}@`).replace(NAMED, `$1${REDACTED}`);
}

const SECRET_KEY = /^(?:.*[-_ ])?(?:api[-_ ]?key|access[-_ ]?key|secret|passw(?:or)?d|authorization|(?:access|auth|hf|api)[-_ ]?token)$/i;

/** The same for data: every text in it, and whatever stands under the name of a secret. */
export function redactedData<T>(value: T, env: Readonly<Record<string, string | undefined>> = {}): T {
  if (typeof value === 'string') return redacted(value, env) as T;
  if (Array.isArray(value)) return value.map((each: unknown) => redactedData(each, env)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, SECRET_KEY.test(key) && typeof each === 'string' ? REDACTED : redactedData(each as unknown, env)])) as T;
}
