import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { findPii } from './find-pii.ts';
import { piiRedactor, replacePii } from './replace-pii.ts';


const found = (text: string): string[] => findPii(text).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

describe('found', () => {
  test.each([
    ['身份证号11010519491231002X。', ['chinese_id 11010519491231002X']],
    ['ID 110105 19491231 002x', ['chinese_id 110105 19491231 002x']],
    ['卡号：6222021234567890128，', ['bank_card 6222021234567890128']],
    ['4111 1111 1111 1111', ['bank_card 4111 1111 1111 1111']],
    ['3782-822463-10005', ['bank_card 3782-822463-10005']],
    ['SSN: 219-09-9999.', ['us_ssn 219-09-9999']],
    ['IBAN DE89 3704 0044 0532 0130 00!', ['iban DE89 3704 0044 0532 0130 00']],
    ['GB82WEST12345698765432', ['iban GB82WEST12345698765432']],
    ['打13800138000或+86 138-0013-8000', ['phone 13800138000', 'phone +86 138-0013-8000']],
    ['008613800138000 8613800138000 86 13800138000', ['phone 008613800138000', 'phone 8613800138000', 'phone 86 13800138000']],
    ['电话010-62345678转，(0755) 2345678，+86 10 62345678，021-61234567-8012', ['phone 010-62345678', 'phone (0755) 2345678', 'phone +86 10 62345678', 'phone 021-61234567-8012']],
    ['(415) 555-0132, 415.555.0132, 1-415-555-0132 and +1 (415) 555-0132', ['phone (415) 555-0132', 'phone 415.555.0132', 'phone 1-415-555-0132', 'phone +1 (415) 555-0132']],
    ['020 7946 0958, 07700 900123, 07700900123, +44 20 7946 0958', ['phone 020 7946 0958', 'phone 07700 900123', 'phone 07700900123', 'phone +44 20 7946 0958']],
    ['tel +4915112345678 mail a.b@c.de ip 9.9.9.9', ['phone +4915112345678', 'email a.b@c.de', 'ip 9.9.9.9']],
    ['13800138000@mail.cn', ['email 13800138000@mail.cn']],
  ])('%s', (text, expected) => expect(found(text)).toEqual(expected));
});

describe('not found', () => {
  test.each([
    ['a wrong check', '110105194912310021 6222021234567890127 4111111111111112 GB83WEST12345698765432'],
    ['no such date, no such division', '110105194913310026 990105194912310020'],
    ['part of a longer number', '1380013800012345678901234 99-219-09-9999 219-09-9999-1 x13800138000 1.13800138000'],
    ['areas and serials nobody has', '000-12-3456 666-12-3456 900-12-3456 219-00-9999 219-09-0000'],
    ['numbers of daily life', '2024-01-15 10:30:00, 3.14159, 1,234,567.89, 1999-2024, v1.2.3, ISBN 978-3-16-148410-0, 12345, 100 200 300, 0.5.1, #4155550132'],
    ['ten digits in a row are no American number', '4155550132'],
    ['versions, and parts of longer numbers', 'v1.2.3.4 1.2.3.4.5 8.8.8.8-1 1234.5.6.7'],
    ['private addresses', '10.0.0.1 192.168.0.1 127.0.0.1'],
  ])('%s', (_, text) => expect(found(text)).toEqual([]));
});

test('only the kinds that were asked for', () => {
  const text = 'a@b.cd 13800138000 8.8.8.8 10.0.0.1';
  expect(findPii(text, { kinds: ['phone'] }).map(({ kind }) => kind)).toEqual(['phone']);
  expect(findPii(text, { kinds: ['ip'], onlyPublicIps: false })).toHaveLength(2);
  expect(() => findPii(text, { kinds: ['name' as 'ip'] })).toThrow('findPii: expected kinds out of email');
});

test('replacements', () => {
  const text = 'a@b.cd, 13800138000';
  const findings = findPii(text);
  expect(replacePii(text, findings)).toBe('[EMAIL], [PHONE]');
  expect(replacePii(text, findings, { replacement: 'mask' })).toBe('*@*.**, ***********');
  expect(replacePii(text, findings, { replacement: 'remove' })).toBe(', ');
  expect(replacePii(text, findings, { replacement: (value, { kind }) => `<${kind}:${value.length}>` })).toBe('<email:6>, <phone:11>');
  expect(() => replacePii(text, findings.toReversed())).toThrow('in order');
  expect(() => replacePii(text, findings, { replacement: 'hash' as 'mask' })).toThrow('label, mask, remove');
  const seen: string[] = [];
  expect(piiRedactor({ kinds: ['email'], replacement: 'remove', onFound: (id, all) => seen.push(`${id} ${all.length}`) }).check({ id: 'x', text })).toEqual({ keep: true, document: { id: 'x', text: ', 13800138000' } });
  expect(seen).toEqual(['x 1']);
  expect(piiRedactor().check({ id: 'x', text: 'none' })).toEqual({ keep: true });
});

test('spans are in order, inside the text and apart, and nothing is left once they have their labels', () => {
  const piece = fc.constantFrom('a@b.cd', '13800138000', '4111 1111 1111 1111', '219-09-9999', 'DE89 3704 0044 0532 0130 00', '8.8.8.8', '11010519491231002X', '-', '.', ' ', '+', '(', ')', '0', '86', '中', 'x', '@', '\ud800');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const text = pieces.join('');
      const spans = findPii(text);
      let from = 0;
      for (const { start, end } of spans) {
        expect(start).toBeGreaterThanOrEqual(from);
        expect(end).toBeGreaterThan(start);
        from = end;
      }
      expect(from).toBeLessThanOrEqual(text.length);
      expect(replacePii(text, spans, { replacement: (value) => value })).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test('time is linear in a hostile text: 32 times the text does not take 1024 times the time', () => {
  for (const piece of ['@', 'a@', 'a.', 'a@a.', '1.', '1.1.1.', '1 ', '4111 ', '1', '(1)', 'a-', '+1-', 'DE89', 'GB82 ', '1234567890123456789 ', 'a@a-', 'a@[1.1.1.', '!', '!.']) {
    const time = (length: number): number => {
      const text = piece.repeat(length / piece.length);
      const from = processorMilliseconds();
      findPii(text);
      return processorMilliseconds() - from;
    };
    time(12_500);
    const short = Math.min(time(12_500), time(12_500), time(12_500));
    expect(time(400_000), piece).toBeLessThan(200 * short + 300);
  }
});
