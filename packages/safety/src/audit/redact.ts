/** Keys of services, tokens and private keys by the forms they are known for. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, /\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9]{16,}/g, /\bhf_[A-Za-z0-9]{20,}/g, /\bgh[pousr]_[A-Za-z0-9]{20,}/g, /\bgithub_pat_\w{20,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, /\bAIza[\w-]{30,}/g, /\bxox[abprs]-[\w-]{10,}/g, /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, /\b(?:bearer|basic)\s+[\w.~+/=-]{12,}/gi,
  /\b(?:api[-_ ]?key|access[-_ ]?token|secret|password|passwd)["']?\s*[:=]\s*["']?[^\s"',;]{6,}["']?/gi,
];

/**
 * A text without what looks like a secret: keys of services, tokens and private keys by their known forms, and whatever is called a password. What has no known
 * form cannot be seen.
 *
 * @example
 * ```ts
 * import { redactSecrets } from '@llm/safety';
 * if (redactSecrets('token hf_abcdefghijklmnopqrstuv ends') !== 'token [secret] ends') throw new Error('it is gone');
 * ```
 */
export function redactSecrets(text: string): string {
  return SECRETS.reduce((left, pattern) => left.replace(pattern, '[secret]'), text);
}
