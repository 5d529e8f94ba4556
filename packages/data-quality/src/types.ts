/** One piece of text on its way into a training set. */
export interface Document {
  readonly id: string;
  readonly text: string;
  /** Where it came from: a file path, a URL, a data set name. */
  readonly source?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** `min`: the measured value must not be below the threshold; `max`: it must not be above. Equal passes both. */
export type Comparison = 'min' | 'max';

export interface Kept {
  readonly keep: true;
  /** Present when the filter changed the document; later filters see this one. */
  readonly document?: Document;
}

export interface Dropped {
  readonly keep: false;
  readonly reason: string;
  readonly measured: number;
  readonly threshold: number;
  readonly comparison: Comparison;
}

export type Verdict = Kept | Dropped;

/** One way in which a filter can drop a document. */
export interface Rule {
  readonly reason: string;
  readonly threshold: number;
  readonly comparison: Comparison;
}

export interface Filter {
  readonly name: string;
  /** The rules in force, in the order in which they are tried. */
  readonly rules: readonly Rule[];
  check(document: Document): Verdict;
  /**
   * What every rule measures on this document, by its reason, whether the document is kept or not: for histograms beside the
   * thresholds, and to try another threshold without running again. `check` drops a document for the first rule whose number
   * here breaks its threshold. NaN where there is nothing to measure, which meets every rule.
   */
  measure?(document: Document): Readonly<Record<string, number>>;
}
