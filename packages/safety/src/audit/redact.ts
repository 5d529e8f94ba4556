/** What stands where a secret stood. */
const REDACTED = '[secret]';

/** Secrets that are known by how they look: keys of services, tokens, private keys. */
const SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:hf|sk|pk|rk|glpat|gh[pousr]|github_pat)[-_][\w-]{12,}/g,
  /\bxox[abprs][-_][\w-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
];
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const IN_ADDRESS = /(\b[a-z][\w+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi;
const NAMED = /((?:api[-_ ]?key|access[-_ ]?key|secret|passw(?:or)?d|auth(?:orization)?|access[-_ ]?token|hf[-_ ]?token)["']?\s*[=:]\s*["']?)[^\s"'&,}]{4,}/gi;
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i;
const SECRET_FIELD = /^(?:.*[-_ ])?(?:api[-_ ]?key|access[-_ ]?key|secret|passw(?:or)?d|authorization|(?:access|auth|hf|api)[-_ ]?token)$/i;
/** Shorter values of the environment are words that stand elsewhere too. */
const SHORTEST = 8;

export interface RedactOptions {
  /** Its values go too where their names are those of secrets (`…_KEY`, `…_TOKEN`). Default none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * A text without what looks like a secret: keys of services, tokens and private keys by their known forms, passwords in addresses, and
 * whatever is called a password. What has no known form cannot be seen.
 *
 * @example
 * ```ts
 * import { redactSecrets } from '@llm/safety';
 * if (redactSecrets('token hf_abcdefghijklmnopqrstuv ends') !== 'token [secret] ends') throw new Error('it is gone');
 * if (redactSecrets('https://me:secret1@host/v1') !== 'https://[secret]@host/v1') throw new Error('a password in an address');
 * ```
 */
export function redactSecrets(text: string, { env = {} }: RedactOptions = {}): string {
  let clean = text;
  for (const [name, value] of Object.entries(env)) {
    if (SECRET_NAME.test(name) && value !== undefined && value.length >= SHORTEST) clean = clean.replaceAll(value, REDACTED);
  }
  for (const shape of SHAPES) clean = clean.replace(shape, REDACTED);
  return clean.replace(BEARER, `$1 ${REDACTED}`).replace(IN_ADDRESS, `$1${REDACTED}@`).replace(NAMED, `$1${REDACTED}`);
}

/**
 * The same for data: every text in it, and whatever text stands under the name of a secret.
 *
 * @example
 * ```ts
 * import { redactData } from '@llm/safety';
 * if (redactData({ 'api-key': 'anything', steps: 3 })['api-key'] !== '[secret]') throw new Error('it is gone');
 * ```
 */
export function redactData<T>(value: T, options: RedactOptions = {}): T {
  if (typeof value === 'string') return redactSecrets(value, options) as T;
  if (Array.isArray(value)) return value.map((each: unknown) => redactData(each, options)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, SECRET_FIELD.test(key) && typeof each === 'string' ? REDACTED : redactData(each as unknown, options)])) as T;
}
