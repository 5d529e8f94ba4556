import type { Document } from '../types.ts';
import { breaksOff } from './breaks-off.ts';
import { distinctNgrams, type DistinctNgrams } from './distinct-ngrams.ts';
import { countValue } from './distribution.ts';
import { dateOf, domainOf, fieldOf, formOf } from './document-facts.ts';
import { DAMAGES, textDamage, type Damage } from './text-damage.ts';

export interface MeasureOptions {
  readonly requiredFields: readonly string[];
  readonly referenceTime: number;
  readonly halfLifeDays: number;
  readonly judge: ((document: Document) => number) | undefined;
  readonly relevance: ((document: Document) => number) | undefined;
}

/** What is counted of a source, in memory that does not grow with its documents. */
export interface SourceMeasures {
  documents: number;
  /** Sums over the documents of 0 to 1. */
  accuracy: number;
  complete: number;
  fresh: number;
  relevance: number;
  readonly damage: Record<Damage, number>;
  readonly missing: Record<string, number>;
  brokenOff: number;
  dated: number;
  future: number;
  ageDays: number;
  leastRelevance: number;
  mostRelevance: number;
  /** Documents by their schema, language and encoding together. */
  readonly forms: Map<string, number>;
  readonly domains: Map<string, number>;
  readonly years: Map<string, number>;
  readonly ngrams: DistinctNgrams;
}

const DAY = 86_400_000;

/** The measures of a source without documents. */
export function emptyMeasures(requiredFields: readonly string[]): SourceMeasures {
  return {
    documents: 0, accuracy: 0, complete: 0, fresh: 0, relevance: 0, brokenOff: 0, dated: 0, future: 0, ageDays: 0, leastRelevance: Infinity, mostRelevance: -Infinity,
    damage: Object.fromEntries(DAMAGES.map((name) => [name, 0])) as Record<Damage, number>,
    missing: Object.fromEntries(requiredFields.map((name) => [name, 0])),
    forms: new Map(), domains: new Map(), years: new Map(), ngrams: distinctNgrams(3),
  };
}

function share(value: number, name: string, { id }: Document): number {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`dataDimensions: expected ${name} from 0 to 1 but found ${value} for ${id}. Scale what the function returns.`);
  return value;
}

/** Adds a document to the measures of its source. */
export function measureDocument(document: Document, into: SourceMeasures, { language, requiredFields, referenceTime, halfLifeDays, judge, relevance }: MeasureOptions & { readonly language: string }): void {
  into.documents++;
  const damage = textDamage(document.text);
  for (const name of damage) into.damage[name]++;
  if (damage.length === 0) into.accuracy += judge ? share(judge(document), 'the judgement', document) : 1;

  const missing = requiredFields.filter((name) => {
    const value = fieldOf(document, name);
    return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
  });
  for (const name of missing) into.missing[name] = (into.missing[name] ?? 0) + 1;
  const broken = breaksOff(document.text);
  if (broken) into.brokenOff++;
  if (missing.length === 0 && !broken) into.complete++;

  const { schema, encoding } = formOf(document);
  countValue(into.forms, JSON.stringify([schema, language, encoding]));
  const domain = domainOf(document);
  if (domain !== undefined) countValue(into.domains, domain);

  const time = dateOf(document);
  if (time !== undefined) {
    countValue(into.years, String(new Date(time).getUTCFullYear()));
    // A day ahead is another time zone, more is no date of this text.
    if (time > referenceTime + DAY) into.future++;
    else {
      const age = Math.max(0, (referenceTime - time) / DAY);
      into.dated++;
      into.ageDays += age;
      into.fresh += 2 ** (-age / halfLifeDays);
    }
  }
  if (relevance) {
    const value = share(relevance(document), 'the relevance', document);
    into.relevance += value;
    into.leastRelevance = Math.min(into.leastRelevance, value);
    into.mostRelevance = Math.max(into.mostRelevance, value);
  }
  into.ngrams.add(document.text);
}
