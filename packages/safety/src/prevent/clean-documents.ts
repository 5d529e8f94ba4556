import type { AuditLog } from '../audit/audit-log.ts';
import { type Assessment, type Classifier, likeliestLabel } from '../classify/assessment.ts';

export interface CleanOptions {
  readonly classify: Classifier;
  /** From which `harm` on a document is left out; default 0.5. */
  readonly threshold?: number;
  /** Long documents are read in pieces of so many characters, half of which overlap; the worst one counts. Default 2,000. */
  readonly pieceCharacters?: number;
  readonly audit?: AuditLog;
}

/** What was left out, and why. */
export interface DroppedDocument {
  readonly index: number;
  readonly harm: number;
  readonly label: string | undefined;
}

/** Documents that may be trained on. */
export interface CleanedDocuments<T> {
  readonly kept: readonly T[];
  readonly dropped: readonly DroppedDocument[];
}

/**
 * The cleaning filter of the pretraining layer: leaves out documents that a classifier finds harmful in any of their pieces.
 *
 * @example
 * ```ts
 * import { cleanDocuments } from '@llm/safety';
 * const classify = (text: string) => ({ harm: text.includes('venom') ? 0.9 : 0, labels: { threat: 0.9 } });
 * const { kept, dropped } = await cleanDocuments([{ text: 'A fair day.' }, { text: `${'Rain. '.repeat(900)}venom` }], { classify });
 * if (kept.length !== 1 || dropped[0]!.index !== 1) throw new Error('the end of the second one');
 * ```
 */
export async function cleanDocuments<T extends { readonly text: string }>(documents: Iterable<T> | AsyncIterable<T>, { classify, threshold = 0.5, pieceCharacters = 2000, audit }: CleanOptions): Promise<CleanedDocuments<T>> {
  const kept: T[] = [];
  const dropped: DroppedDocument[] = [];
  let index = 0;
  for await (const document of documents) {
    const worst = await worstPiece(document.text, { classify, threshold, pieceCharacters });
    if (worst === undefined) kept.push(document);
    else {
      const label = likeliestLabel(worst);
      dropped.push({ index, harm: worst.harm, label });
      await audit?.record({ layer: 'pretraining', action: 'drop', details: { index, harm: worst.harm, label: label ?? null }, texts: { document: document.text } });
    }
    index++;
  }
  return { kept, dropped };
}

/** The first piece that is harmful enough. */
async function worstPiece(text: string, { classify, threshold, pieceCharacters }: Required<Pick<CleanOptions, 'classify' | 'threshold' | 'pieceCharacters'>>): Promise<Assessment | undefined> {
  const step = Math.max(1, Math.floor(pieceCharacters / 2));
  for (let at = 0; at === 0 || at + step < text.length; at += step) {
    const found = await classify(text.slice(at, at + pieceCharacters));
    if (found.harm >= threshold) return found;
  }
  return undefined;
}
