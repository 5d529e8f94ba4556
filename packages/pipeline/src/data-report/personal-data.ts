import { type Document, findPii, type PiiKind, replacePii } from '@llm/data-quality';

/** How much of one kind of personal data there is. */
export interface PersonalData {
  readonly kind: PiiKind;
  /** Documents with some of it. */
  readonly documents: number;
  readonly found: number;
}

/** Counts personal data by kind, most first. */
export function personalData(): { add(document: Document): void; report(): PersonalData[] } {
  const counts = new Map<PiiKind, { documents: number; found: number }>();
  return {
    add({ text }) {
      const found = findPii(text).map(({ kind }) => kind);
      for (const kind of new Set(found)) {
        const before = counts.get(kind) ?? { documents: 0, found: 0 };
        counts.set(kind, { documents: before.documents + 1, found: before.found + found.filter((each) => each === kind).length });
      }
    },
    report: () => [...counts].map(([kind, amounts]) => ({ kind, ...amounts })).sort((a, b) => b.documents - a.documents),
  };
}

/** A text to show others: what looks like a person's is named by its kind. */
export function withoutPersonalData(text: string): string {
  return replacePii(text, findPii(text));
}
