import { expect, test } from 'vitest';
import { REDACTED, redacted, redactedData } from './redact.ts';

test.each([
  ['hf_AbCdEfGhIjKlMnOpQrSt', REDACTED],
  ['--teacher=https://me:pa55word@host/v1', `--teacher=https://${REDACTED}@host/v1`],
  ['authorization: Bearer abcdefghijklmnop', `authorization: ${REDACTED} ${REDACTED}`],
  ['https://x/y?api_key=12345678&b=1', `https://x/y?api_key=${REDACTED}&b=1`],
  ['AKIAIOSFODNN7EXAMPLE', REDACTED],
  ['-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----', REDACTED],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x', REDACTED],
])('%j', (text, clean) => { expect(redacted(text)).toBe(clean); });

test.each(['--max-tokens=32', 'vocab-size: 4096 tokens', 'sk-learn', 'task-completion', 'https://host:8080/v1', 'the key to the secret garden', 'tokens_per_second: 12345678', 'sha256 8cf0bb272c9879331a97df7e7a634fcfc903ff149ffc4862dd212863c088c37c'])('%j stays', (text) => {
  expect(redacted(text)).toBe(text);
});

test('values of the environment that are named like secrets, wherever they stand', () => {
  const env = { MY_API_TOKEN: 'canary-123456', PATH: '/usr/bin', SHORT_KEY: 'abc' };
  expect(redacted('a canary-123456 in abc of /usr/bin', env)).toBe(`a ${REDACTED} in abc of /usr/bin`);
  expect(redactedData({ steps: { sft: { with: { 'api-key': 'anything', 'max-tokens': 3, data: ['canary-123456'] } } } }, env)).toEqual({ steps: { sft: { with: { 'api-key': REDACTED, 'max-tokens': 3, data: [REDACTED] } } } });
});
