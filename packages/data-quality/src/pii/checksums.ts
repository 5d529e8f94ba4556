import { isDigit } from './characters.ts';

const allDigits = (text: string): boolean => /^[0-9]+$/.test(text);

/**
 * Luhn's check of card numbers (ISO/IEC 7812-1): from the right, every second digit doubled and its digits added,
 * Σ ≡ 0 (mod 10). Only ASCII digits, at least two; false for anything else.
 *
 * @example
 * ```ts
 * import { isLuhn } from '@llm/data-quality';
 * console.assert(isLuhn('4111111111111111') && !isLuhn('4111111111111112'));
 * ```
 */
export function isLuhn(digits: string): boolean {
  if (digits.length < 2 || !allDigits(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 0x30;
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Lengths of whole account numbers by country, from the registry of ISO 13616. */
const IBAN_LENGTHS = 'AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28'
  + 'HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22'
  + 'RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30';
const IBAN_LENGTH: ReadonlyMap<string, number> = new Map(Array.from({ length: IBAN_LENGTHS.length / 4 }, (_, i) => [IBAN_LENGTHS.slice(4 * i, 4 * i + 2), Number(IBAN_LENGTHS.slice(4 * i + 2, 4 * i + 4))]));

/** Length of an IBAN of this country, or 0 where the country has none. */
export const ibanLength = (country: string): number => IBAN_LENGTH.get(country) ?? 0;

/**
 * ISO 13616's check of an IBAN without spaces: the length that its country has, and, with the first four characters moved to
 * the end and A…Z read as 10…35, N ≡ 1 (mod 97). The inner structure of each country is not asked for.
 *
 * @example
 * ```ts
 * import { isIban } from '@llm/data-quality';
 * console.assert(isIban('GB82WEST12345698765432') && !isIban('GB83WEST12345698765432'));
 * ```
 */
export function isIban(iban: string): boolean {
  if (iban.length !== ibanLength(iban.slice(0, 2)) || !/^[A-Z]{2}[0-9]{2}[A-Z0-9]+$/.test(iban)) return false;
  let rest = 0;
  for (let i = 0; i < iban.length; i++) {
    const unit = iban.charCodeAt((i + 4) % iban.length);
    rest = isDigit(unit) ? (rest * 10 + unit - 0x30) % 97 : (rest * 100 + unit - 0x37) % 97;
  }
  return rest === 1;
}

/** Divisions of the country that a number may start with: provinces, and 81–83 and 91 for Hong Kong, Macau, Taiwan and abroad. */
const PROVINCES = new Set('11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91'.split(' '));
const CHECK = '10X98765432';

function isDate(year: number, month: number, day: number): boolean {
  return year >= 1800 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/**
 * GB 11643's check of a resident identity number of 18 places: division, a real date of birth, and ISO 7064's MOD 11-2,
 * Σ aᵢ·2^(17−i) mod 11 giving the last place out of `10X98765432`. The old form of 15 digits has no check and is not taken.
 *
 * @example
 * ```ts
 * import { isChineseId } from '@llm/data-quality';
 * console.assert(isChineseId('11010519491231002X') && !isChineseId('110105194912310021'));
 * ```
 */
export function isChineseId(id: string): boolean {
  if (!/^[0-9]{17}[0-9Xx]$/.test(id) || !PROVINCES.has(id.slice(0, 2))) return false;
  if (!isDate(Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14)))) return false;
  let sum = 0;
  for (let i = 0; i < 17; i++) sum = (sum * 2 + id.charCodeAt(i) - 0x30) % 11;
  return CHECK[(sum * 2) % 11] === id[17]?.toUpperCase();
}
