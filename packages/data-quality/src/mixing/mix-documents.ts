import { fnv1a } from '../fnv1a.ts';
import { utf8Bytes } from '../text-length.ts';
import type { Document } from '../types.ts';
import type { MixPlan } from './plan-mix.ts';
import { seededRandom } from './seeded-random.ts';

/** Opens the documents of one key from their start; called again for each epoch. */
export type OpenSource = () => AsyncIterable<Document> | Iterable<Document>;

export interface MixDocumentsOptions {
  /** Tokens of a text, counted as for the plan. Default: bytes in UTF-8. */
  readonly tokens?: (text: string) => number;
  /** Default 0. */
  readonly seed?: number;
  /** Documents of each key held back to draw from; 1 keeps the order of the source. Default 1024. */
  readonly shuffleDocuments?: number;
}

export interface MixedDocument {
  readonly key: string;
  /** 0 the first time that the source is read. */
  readonly epoch: number;
  readonly tokens: number;
  readonly document: Document;
}

interface Lane {
  readonly key: string;
  readonly target: number;
  taken: number;
  readonly stream: AsyncGenerator<{ epoch: number; document: Document }>;
}

/** Documents of one source, epoch after epoch, each epoch shuffled through a buffer in an order of its own. */
async function* epochs(key: string, open: OpenSource, { seed, size }: { seed: number; size: number }): AsyncGenerator<{ epoch: number; document: Document }> {
  for (let epoch = 0; ; epoch++) {
    // Each source has an order of its own.
    const random = seededRandom(fnv1a(`${epoch}:${key}`, seed));
    const buffer: Document[] = [];
    let any = false;
    for await (const document of open()) {
      any = true;
      if (buffer.length < size) {
        buffer.push(document);
        continue;
      }
      const i = random(size);
      const drawn = buffer[i] as Document;
      buffer[i] = document;
      yield { epoch, document: drawn };
    }
    if (!any) throw new RangeError(`mixDocuments: expected documents of ${key} but found none in epoch ${epoch}. Let its function open the source anew each time.`);
    while (buffer.length > 0) {
      const i = size === 1 ? 0 : random(buffer.length);
      const drawn = buffer[i] as Document;
      const last = buffer.pop() as Document;
      if (i < buffer.length) buffer[i] = last;
      yield { epoch, document: drawn };
    }
  }
}

/**
 * The documents of several sources in one stream with the shares of a plan. The next document comes from the source that is
 * furthest behind, the least of (taken + 1) / target, so that every stretch of the stream has the shares of the whole; a
 * source that ends is opened again for its next epoch, and one is left as soon as it has given its tokens. The same seed
 * gives the same order.
 *
 * Memory is `shuffleDocuments` documents of each source. Throws RangeError for a key of the plan without a source, and for a
 * source without documents or tokens.
 *
 * @example
 * ```ts
 * import { mixDocuments, planMix } from '@llm/data-quality';
 * const sources = { a: () => [{ id: 'a1', text: 'aaaa' }], b: () => [{ id: 'b1', text: 'bbbb' }, { id: 'b2', text: 'BBBB' }] };
 * const ids: string[] = [];
 * for await (const { document } of mixDocuments(sources, planMix({ a: 4, b: 8 }, { budgetTokens: 16, alpha: 0 }), { shuffleDocuments: 1 })) ids.push(document.id);
 * console.assert(ids.join() === 'a1,b1,a1,b2');
 * ```
 */
export async function* mixDocuments(sources: Readonly<Record<string, OpenSource>>, plan: MixPlan, { tokens: count = utf8Bytes, seed = 0, shuffleDocuments = 1024 }: MixDocumentsOptions = {}): AsyncGenerator<MixedDocument> {
  if (!(Number.isInteger(shuffleDocuments) && shuffleDocuments >= 1)) throw new RangeError(`mixDocuments: expected shuffleDocuments of at least 1 but found ${shuffleDocuments}. Use 1 to keep the order of each source.`);
  const lanes: Lane[] = plan.shares
    .filter(({ tokens }) => tokens > 0)
    .map(({ key, tokens: target }) => {
      const open = sources[key];
      if (!open || !Object.hasOwn(sources, key)) throw new RangeError(`mixDocuments: expected a source for ${key} but found none. Give one for each key of the plan.`);
      return { key, target, taken: 0, stream: epochs(key, open, { seed, size: shuffleDocuments }) };
    });
  try {
    for (let open = lanes; open.length > 0; open = open.filter(({ taken, target }) => taken < target)) {
      const lane = open.reduce((best, next) => ((next.taken + 1) / next.target < (best.taken + 1) / best.target ? next : best));
      let first: number | undefined;
      for (;;) {
        const { value } = await lane.stream.next();
        const { epoch, document } = value as { epoch: number; document: Document };
        const tokens = count(document.text);
        if (tokens > 0) {
          lane.taken += tokens;
          yield { key: lane.key, epoch, tokens, document };
          break;
        }
        // Documents of no tokens bring nothing nearer; a source of nothing else would be read for ever.
        first ??= epoch;
        if (epoch > first + 1) throw new RangeError(`mixDocuments: expected tokens in the documents of ${lane.key} but found none. Check the function that counts them.`);
      }
    }
  } finally {
    for (const { stream } of lanes) await stream.return(undefined);
  }
}
