import { type Classifier, likeliestLabel } from '../classify/assessment.ts';
import type { Detector, Finding } from './detector.ts';

export interface ClassifiedOptions {
  /** From which `harm` on it is flagged; default 0.5. `chooseThreshold` finds one. */
  readonly threshold?: number;
  /** What findings name; default 'intent' or 'content'. */
  readonly name?: string;
}

/** The whole text and each of its sentences: in a long text one bad sentence would be lost among the others. */
function parts(text: string): string[] {
  const sentences = text.match(/[^.!?\n]+[.!?]*/g)?.map((sentence) => sentence.trim()).filter((sentence) => sentence !== '') ?? [];
  return sentences.length > 1 ? [text, ...sentences] : [text];
}

async function find(classify: Classifier, text: string, { threshold, name }: Required<ClassifiedOptions>): Promise<Finding | undefined> {
  for (const part of parts(text)) {
    const found = await classify(part);
    // Written so that NaN is flagged: a classifier that is broken must not let everything pass.
    if (!(found.harm < threshold)) return { detector: name, label: likeliestLabel(found) ?? 'harm', score: found.harm, threshold };
  }
  return undefined;
}

/**
 * Asks a classifier what a user is after, before anything is generated: about the prompt as a whole and sentence by sentence.
 *
 * @example
 * ```ts
 * import { intentDetector } from '@llm/safety';
 * const detector = intentDetector((text) => ({ harm: Number(text.includes('hurt')), labels: { threat: 1 } }));
 * if ((await detector.intent!('I will hurt him'))?.label !== 'threat' || await detector.intent!('hello') !== undefined) throw new Error('a threat');
 * ```
 */
export function intentDetector(classify: Classifier, { threshold = 0.5, name = 'intent' }: ClassifiedOptions = {}): Detector {
  return { name, intent: (prompt) => find(classify, prompt, { threshold, name }) };
}

/** Asks a classifier about what is being written, as a whole and sentence by sentence; the first that is flagged counts. */
export function contentDetector(classify: Classifier, { threshold = 0.5, name = 'content' }: ClassifiedOptions = {}): Detector {
  return { name, content: (text) => find(classify, text, { threshold, name }) };
}
