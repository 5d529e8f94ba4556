import type { AuditLog } from '../audit/audit-log.ts';
import type { Detector, Finding, WatchedToken } from '../detect/detector.ts';

/** A piece of a generation: a text, with the token that spelt it where there is one. */
export interface GeneratedPiece extends Partial<WatchedToken> {
  readonly text: string;
}

/** What reaches the user: text that may be shown, a correction in place of the rest, or a word about what happened. */
export interface GuardedPiece {
  readonly kind: 'text' | 'correction' | 'notice';
  readonly text: string;
  /** Why; of corrections and notices. */
  readonly finding?: Finding;
}

/** What is known where something was flagged. */
export interface Incident {
  readonly finding: Finding;
  readonly prompt: string;
  /** What the user has seen of the answer. */
  readonly shown: string;
}

export interface GuardOptions {
  readonly prompt: string;
  readonly detectors: readonly Detector[];
  /** Characters that are written before they are shown; anything flagged that is no longer than this is never seen, not even in part. Default 200. */
  readonly heldCharacters?: number;
  /** Characters that were shown already and are looked at with the held ones; default 200. */
  readonly contextCharacters?: number;
  /** Look again after so many new characters; default 40. */
  readonly everyCharacters?: number;
  /** What to say instead of the rest, which is looked at too; a text, or nothing for a safe stop. Default a safe stop. */
  readonly correct?: (incident: Incident) => string | undefined | Promise<string | undefined>;
  /** What the user is told; default one sentence. */
  readonly notice?: (incident: Incident) => string;
  readonly audit?: AuditLog;
}

/**
 * The monitor of the inference layer, around any generation: text goes in, text that may be shown comes out. It looks at the prompt first, then at tokens as they come
 * and at the text again and again, and holds the newest of it back until that was looked at. Where something is flagged the generation is stopped, what was held is thrown
 * away, a correction takes its place if there is one, and the user is told.
 *
 * Detectors judge windows of `contextCharacters` + `heldCharacters` (+ `everyCharacters`). The source is closed on every way out.
 *
 * @example
 * ```ts
 * import { contentDetector, guarded } from '@llm/safety';
 * async function* model() {
 *   for (const text of ['It is ', 'a fine ', 'day, ', 'you poisonous ', 'toad, ', 'is it not?']) yield { text };
 * }
 * const detectors = [contentDetector((text) => ({ harm: Number(text.includes('toad')), labels: { insult: 1 } }))];
 * let seen = '';
 * for await (const { kind, text } of guarded(model(), { prompt: 'How are you?', detectors, heldCharacters: 24, everyCharacters: 1 })) if (kind === 'text') seen += text;
 * if (!seen.startsWith('It is') || seen.includes('poison')) throw new Error(seen);
 * ```
 */
export async function* guarded(source: AsyncIterable<GeneratedPiece>, options: GuardOptions): AsyncGenerator<GuardedPiece, void, undefined> {
  const { prompt, detectors, heldCharacters = 200, contextCharacters = 200, everyCharacters = 40 } = options;
  let shown = '';
  let held = '';
  const look = (text: string): Promise<Finding | undefined> => firstFinding(detectors.map(({ content }) => content?.(text)));
  const latest = (): string => shown.slice(-contextCharacters) + held;
  const respond = async function* (finding: Finding): AsyncGenerator<GuardedPiece, void, undefined> {
    const incident = { finding, prompt, shown };
    const said = await options.correct?.(incident);
    // A correction is looked at like anything else.
    const correction = said !== undefined && await look(said) === undefined ? said : undefined;
    await options.audit?.record({
      layer: 'inference', action: correction === undefined ? 'stop' : 'correct', reason: finding.label, details: { detector: finding.detector, score: finding.score, threshold: finding.threshold, shownCharacters: shown.length },
      texts: { prompt, held, ...(correction === undefined ? {} : { correction }) },
    });
    if (correction !== undefined) yield { kind: 'correction', text: correction, finding };
    yield { kind: 'notice', text: (options.notice ?? defaultNotice)(incident), finding };
  };

  const asked = await firstFinding(detectors.map(({ intent }) => intent?.(prompt)));
  if (asked !== undefined) {
    // A generator that never began has nothing to close, but one that was begun elsewhere may.
    await source[Symbol.asyncIterator]().return?.();
    yield* respond(asked);
    return;
  }
  const watching = detectors.flatMap(({ tokens }) => (tokens === undefined ? [] : [tokens()]));
  let unseen = 0;
  for await (const { text, id, logprob, entropy } of source) {
    held += text;
    unseen += text.length;
    const odd = id === undefined ? undefined : watching.map((watch) => watch({ id, logprob, entropy })).find((finding) => finding !== undefined);
    const found = odd ?? (unseen >= everyCharacters ? await look(latest()) : undefined);
    if (found !== undefined) {
      yield* respond(found);
      return;
    }
    if (unseen < everyCharacters) continue;
    unseen = 0;
    const free = cutAt(held, held.length - heldCharacters);
    if (free === '') continue;
    shown += free;
    held = held.slice(free.length);
    yield { kind: 'text', text: free };
  }
  const found = held === '' ? undefined : await look(latest());
  if (found !== undefined) {
    yield* respond(found);
    return;
  }
  if (held !== '') yield { kind: 'text', text: held };
}

const defaultNotice = ({ finding }: Incident): string => `This answer was stopped by a safety check (${finding.label}).`;

async function firstFinding(findings: readonly (Finding | undefined | Promise<Finding | undefined>)[]): Promise<Finding | undefined> {
  return (await Promise.all(findings)).find((finding) => finding !== undefined);
}

/** The first so many UTF-16 units, one fewer where a surrogate pair would be torn. */
function cutAt(text: string, length: number): string {
  if (length <= 0) return '';
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}
