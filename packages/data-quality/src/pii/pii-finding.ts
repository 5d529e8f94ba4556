/** What was found: an e-mail address, a public IPv4 address, a telephone number, or one of the numbers of persons and banks. */
export type PiiKind = 'email' | 'iban' | 'chinese_id' | 'bank_card' | 'us_ssn' | 'phone' | 'ip';

/** A piece of a text, in UTF-16 units: `text.slice(start, end)`. */
export interface PiiFinding {
  readonly kind: PiiKind;
  readonly start: number;
  readonly end: number;
}
