import { expect, test } from 'vitest';
import { redactData, redactSecrets } from './redact.ts';

test.each([
  ['a hf_AbCdEfGhIjKlMnOpQrSt b', 'a [secret] b'],
  ['ghp_0123456789abcdefghij0123', '[secret]'],
  ['AKIAIOSFODNN7EXAMPLE', '[secret]'],
  ['xoxb-1234567890-abc', '[secret]'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x', '[secret]'],
  ['a -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- b', 'a [secret] b'],
  ['-----BEGIN PRIVATE KEY-----\ncut off', '[secret]'],
  ['Bearer abcdef.ghijkl-mnop', 'Bearer [secret]'],
  ['sk-abcdefghijkl, glpat-abcdefghijkl, Bearer abcdefgh', '[secret], [secret], Bearer [secret]'],
  ['authorization: Bearer abcdefghijklmnop', 'authorization: [secret] [secret]'],
  ['password: hunter2hunter2', 'password: [secret]'],
  ['api_key="0123456789"', 'api_key="[secret]"'],
  ['--teacher=https://me:pa55word@host/v1', '--teacher=https://[secret]@host/v1'],
  ['https://x/y?api_key=12345678&b=1', 'https://x/y?api_key=[secret]&b=1'],
])('%j', (text, clean) => { expect(redactSecrets(text)).toBe(clean); });

test.each([
  '--max-tokens=32', 'vocab-size: 4096 tokens', 'sk-learn', 'task-completion', 'https://host:8080/v1', 'the key to the secret garden', 'tokens_per_second: 12345678',
  'sha256 8cf0bb272c9879331a97df7e7a634fcfc903ff149ffc4862dd212863c088c37c', 'I forgot my password.', 'Task-oriented', 'the bearer of news', 'sk is a code for Slovak',
])('%j stays', (text) => { expect(redactSecrets(text)).toBe(text); });

test('values of the environment that are named like secrets, wherever they stand', () => {
  const env = { MY_API_TOKEN: 'canary-123456', PATH: '/usr/bin', SHORT_KEY: 'abc' };
  expect(redactSecrets('a canary-123456 in abc of /usr/bin', { env })).toBe('a [secret] in abc of /usr/bin');
  expect(redactData({ steps: { sft: { with: { 'api-key': 'anything', 'max-tokens': 3, data: ['canary-123456'] } } } }, { env })).toEqual({ steps: { sft: { with: { 'api-key': '[secret]', 'max-tokens': 3, data: ['[secret]'] } } } });
});
