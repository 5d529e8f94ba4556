import type { Comparison, Document } from '../types.ts';

/** What a person says about a document; `edit` keeps it with another text. */
export type ReviewVerdict = 'keep' | 'drop' | 'edit';

/** A document with what was decided automatically. */
export interface ReviewCandidate {
  readonly document: Document;
  readonly kept: boolean;
  /** The rule that dropped it, or of a kept one the rule that came nearest to dropping it. */
  readonly reason?: string | undefined;
  readonly measured?: number | undefined;
  readonly threshold?: number | undefined;
  readonly comparison?: Comparison | undefined;
}

/** One line of a queue. A reviewer fills in `verdict` and `note`, and for `edit` changes `text`; everything else stays. */
export interface ReviewItem {
  readonly id: string;
  readonly verdict: ReviewVerdict | '';
  readonly note: string;
  readonly automatic: 'keep' | 'drop';
  readonly reason: string;
  readonly measured: number | null;
  readonly threshold: number | null;
  readonly comparison: Comparison | '';
  /** Reported documents come first, then borderline ones; only the random ones say how often a rule is right. */
  readonly picked: 'reported' | 'borderline' | 'random';
  readonly source: string;
  /** Of the document's whole text. */
  readonly hash: string;
  /** Of `text` with line feeds at its ends of lines; tells whether it was edited. */
  readonly shownHash: string;
  /** Whether `text` is only the beginning; such a document cannot be edited here. */
  readonly cut: boolean;
  readonly text: string;
}
