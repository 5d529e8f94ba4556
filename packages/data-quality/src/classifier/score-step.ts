import { brokenRule } from '../broken-rule.ts';
import { measuredFilter } from '../measured-filter.ts';
import type { Step } from '../shards/step.ts';
import type { Document, Filter, Kept, Rule } from '../types.ts';

export interface ScoreRuleOptions {
  /** As the filter is called in ledgers. */
  readonly name: string;
  /** Why a document goes, such as `low_quality`. */
  readonly reason: string;
  /** Least score that stays; either this or `max`. */
  readonly min?: number;
  /** Largest score that stays. */
  readonly max?: number;
  /** Under this name the score is written into the document's meta. Default: it is not. */
  readonly metaField?: string;
}

export interface ScoreStepOptions extends ScoreRuleOptions {
  /** Documents that are scored at once. Default 32. */
  readonly batch?: number;
}

function ruleOf({ name, reason, min, max }: ScoreRuleOptions): Rule {
  if ((min === undefined) === (max === undefined) || Number.isNaN(min ?? max)) throw new RangeError(`${name}: expected min or max, one number, but found ${String(min)} and ${String(max)}. Say which scores stay.`);
  return min === undefined ? { reason, threshold: max!, comparison: 'max' } : { reason, threshold: min, comparison: 'min' };
}

// A score that is no number must not pass.
const known = (score: number, { comparison }: Rule): number => (Number.isNaN(score) ? (comparison === 'min' ? -Infinity : Infinity) : score);

function keptWith(document: Document, score: number, field: string | undefined): Kept {
  return field === undefined ? { keep: true } : { keep: true, document: { ...document, meta: { ...document.meta, [field]: score } } };
}

/**
 * A filter by a number that any function gives a document: a classifier of quality or safety (`trainTextClassifier`,
 * `trainTextRater`), a count, a rule of one's own. A score that is NaN does not pass.
 *
 * Throws RangeError unless just one of `min` and `max` is given.
 *
 * @example
 * ```ts
 * import { scoreFilter } from '@llm/data-quality';
 * const long = scoreFilter(({ text }) => text.length, { name: 'length', reason: 'too_long', max: 3 });
 * console.assert(!long.check({ id: 'a', text: 'four' }).keep);
 * ```
 */
export function scoreFilter(score: (document: Document) => number, options: ScoreRuleOptions): Filter {
  const rule = ruleOf(options);
  return measuredFilter(options.name, {
    statistics: (document) => known(score(document), rule),
    rules: [[rule, (found) => found]],
    kept: (document, found) => keptWith(document, found, options.metaField),
  });
}

/**
 * The same as a step, for what takes time: a model that scores some texts at once, near or behind an endpoint. For instance the
 * perplexity exp(-(1/N) Σ log p) of each text under a small model of one's own, of which CCNet and Data-Juicer keep the lower
 * (Wenzek et al. 2019; ≤ 1500 there under KenLM), or a judge's mark.
 *
 * Throws RangeError unless just one of `min` and `max` is given, and where there is not a score for each text.
 *
 * @example
 * ```ts
 * import { createLedger, scoreStep } from '@llm/data-quality';
 * const perplexities = async (texts: readonly string[]) => texts.map((text) => (text === 'odd' ? 9000 : 20));
 * const step = scoreStep(perplexities, { name: 'perplexity', reason: 'high_perplexity', max: 1500 });
 * async function* two() { yield { id: 'a', text: 'plain' }; yield { id: 'b', text: 'odd' }; }
 * for await (const { id } of step(two(), { shard: 0, shards: 1, ledger: createLedger() })) console.assert(id === 'a');
 * ```
 */
export function scoreStep(score: (texts: readonly string[]) => ArrayLike<number> | Promise<ArrayLike<number>>, { batch = 32, ...options }: ScoreStepOptions): Step {
  const rule = ruleOf(options);
  return async function* (documents, { ledger, signal }) {
    async function* judged(waiting: readonly Document[]): AsyncGenerator<Document> {
      signal?.throwIfAborted();
      const scores = await score(waiting.map(({ text }) => text));
      if (scores.length !== waiting.length) throw new RangeError(`${options.name}: expected a score for each of ${waiting.length} texts but found ${scores.length}. Give them in the order of the texts.`);
      for (const [i, document] of waiting.entries()) {
        const verdict = brokenRule(rule, known(scores[i]!, rule)) ?? keptWith(document, scores[i]!, options.metaField);
        if (verdict.keep) yield verdict.document ?? document;
        else ledger.droppedDocument(document, { filter: options.name, verdict });
      }
    }
    let waiting: Document[] = [];
    for await (const document of documents) {
      waiting.push(document);
      if (waiting.length < batch) continue;
      yield* judged(waiting);
      waiting = [];
    }
    if (waiting.length > 0) yield* judged(waiting);
  };
}
