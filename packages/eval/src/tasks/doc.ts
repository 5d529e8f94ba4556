/** A document of a dataset: a question, a page, a pair. */
export type Doc = Readonly<Record<string, unknown>>;
