import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isChineseId, isIban, isLuhn } from './checksums.ts';
import { piiFormatter } from './pii-formatter.ts';

const { texts, numbers } = JSON.parse(readFileSync(new URL('../../fixtures/pii.json', import.meta.url), 'utf8')) as {
  texts: [text: string, formatted: string, withPrivate: string][];
  numbers: [number: string, luhn: boolean, iban: boolean, chineseId: boolean][];
};

const format = (filter: ReturnType<typeof piiFormatter>, text: string): string => {
  const verdict = filter.check({ id: 'a', text });
  if (!verdict.keep) throw new Error('the formatter drops nothing');
  return verdict.document?.text ?? text;
};

test('what datatrove makes of every text, its replacements taken in turn over all of them', () => {
  const formatter = piiFormatter();
  const everything = piiFormatter({ onlyPublicIps: false });
  const wrong = texts.filter(([text, formatted, withPrivate]) => [format(formatter, text) !== formatted, format(everything, text) !== withPrivate].includes(true));
  expect(wrong).toEqual([]);
  expect(texts.filter(([text, formatted]) => text !== formatted).length).toBeGreaterThan(300);
});

test('what python-stdnum says of every number', () => {
  expect(numbers.filter(([number, luhn]) => isLuhn(number) !== luhn)).toEqual([]);
  expect(numbers.filter(([number, , iban]) => isIban(number) !== iban)).toEqual([]);
  expect(numbers.filter(([number, , , chineseId]) => isChineseId(number) !== chineseId)).toEqual([]);
});

test('own replacements, and either half switched off', () => {
  const text = 'a@b.cd 8.8.8.8 e@f.gh';
  expect(format(piiFormatter({ emailReplacements: ['<1>', '<2>', '<3>'], ipReplacements: ['<ip>'] }), text)).toBe('<1> <ip> <2>');
  expect(format(piiFormatter({ removeEmails: false, ipReplacements: ['<ip>'] }), text)).toBe('a@b.cd <ip> e@f.gh');
  expect(format(piiFormatter({ removeIps: false, emailReplacements: ['<1>'] }), text)).toBe('<1> 8.8.8.8 <1>');
  expect(piiFormatter().check({ id: 'a', text: 'nothing' })).toEqual({ keep: true });
  expect(() => piiFormatter({ emailReplacements: [] })).toThrow('piiFormatter: expected at least one of emailReplacements');
});

test('addresses of 192.0.0.0/24 are private but for two that any network answers', () => {
  expect(format(piiFormatter({ ipReplacements: ['<ip>'] }), '192.0.0.1 192.0.0.9 192.0.0.10 192.0.0.170')).toBe('192.0.0.1 <ip> <ip> 192.0.0.170');
});
