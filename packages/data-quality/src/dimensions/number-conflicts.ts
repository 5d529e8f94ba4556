import { hash128 } from '../hash-set-128.ts';
import { simplifyText } from '../minhash/simplify-text.ts';
import { textUnits } from '../text-units.ts';

export interface NumberConflicts {
  add(text: string, source: string): void;
  /** Documents of each source whose twin says other numbers; estimated where not all could be kept. */
  bySource(): Map<string, number>;
}

interface Twins {
  readonly numbers: number;
  conflict: boolean;
  readonly documents: Map<string, number>;
}

/** A page number and a copyright year differ without a contradiction. */
const LEAST_WORDS = 8;

const words = new Uint32Array(4);
function hashOf(text: string): number {
  hash128({ units: textUnits(text), length: text.length }, words);
  return (words[0] as number) * 2 ** 21 + ((words[1] as number) >>> 11);
}

/**
 * Documents that are the same text but for their numbers (`simplifyText`) and that differ in those. At most 65,536 texts are
 * kept, unless told otherwise: when there are more, those whose hash lies in the upper half of what is kept go, and what is left is scaled up.
 */
export function numberConflicts({ maxTexts = 65_536 }: { readonly maxTexts?: number } = {}): NumberConflicts {
  const twins = new Map<number, Twins>();
  let limit = 2 ** 53;
  return {
    add(text, source) {
      const numbers = text.match(/\p{Nd}+/gu);
      if (!numbers) return;
      const simple = simplifyText(text);
      if (simple.split(' ', LEAST_WORDS).length < LEAST_WORDS) return;
      const key = hashOf(simple);
      if (key >= limit) return;
      const said = hashOf(numbers.join(' '));
      let entry = twins.get(key);
      if (!entry) twins.set(key, (entry = { numbers: said, conflict: false, documents: new Map() }));
      if (entry.numbers !== said) entry.conflict = true;
      entry.documents.set(source, (entry.documents.get(source) ?? 0) + 1);
      while (twins.size > maxTexts) {
        limit /= 2;
        for (const each of twins.keys()) if (each >= limit) twins.delete(each);
      }
    },
    bySource() {
      const counts = new Map<string, number>();
      for (const { conflict, documents } of twins.values()) if (conflict) for (const [source, count] of documents) counts.set(source, (counts.get(source) ?? 0) + count * (2 ** 53 / limit));
      return counts;
    },
  };
}
