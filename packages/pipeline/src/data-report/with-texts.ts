import { readDocuments } from '@llm/data-quality/node';
import type { Document } from '@llm/data-quality';
import { CliError, UsageError } from '../cli/cli-error.ts';
import type { Io } from '../cli/io.ts';
import { inputPath } from '../corpus/input-path.ts';
import type { Decided, DecidedData } from './decided.ts';
import type { OpenDataOptions } from './open-data.ts';

/** What to throw where a folder of `llm data` is named without the files that went into it. */
export const inputsMissing = (title: string): UsageError => new UsageError(`llm data review: expected --inputs PATH with the files that went into ${title} but found none. The folder holds no text of what was dropped.`);

/** Documents as they come in, before anything is decided. */
export function asRead(paths: readonly string[], { given, io }: { given: Pick<OpenDataOptions, 'skip-bad' | 'text-field'>; io: Io }): AsyncGenerator<Document> {
  return readDocuments(paths.map((path) => inputPath(path, io.cwd)), { signal: io.stop, skipBad: given['skip-bad'], textField: given['text-field'] });
}

/**
 * Decisions with the texts they are about. A folder of `llm data` does not hold what was dropped: there the inputs are read again, and
 * each text meets its decision. Both come in nearly the same order, so few have to wait.
 */
export async function* withTexts(data: DecidedData, { inputs, given, io }: { inputs: readonly string[] | undefined; given: OpenDataOptions; io: Io }): AsyncGenerator<Decided> {
  if (!data.kept) {
    yield* data.decisions();
    return;
  }
  if (inputs === undefined) throw inputsMissing(data.title);
  const decisions = new Map<string, Decided>();
  const texts = new Map<string, Document>();
  const documents = asRead(inputs, { given, io });
  const all = data.decisions()[Symbol.asyncIterator]();
  for await (const document of documents) {
    texts.set(document.id, document);
    const next = await all.next();
    if (!next.done) decisions.set(next.value.id, next.value);
    for (const id of [document.id, next.done ? document.id : next.value.id]) {
      const [decided, text] = [decisions.get(id), texts.get(id)];
      if (!decided || !text) continue;
      decisions.delete(id);
      texts.delete(id);
      yield { ...decided, document: text };
    }
  }
  const rest = await all.next();
  const alone = rest.done ? decisions.keys().next().value : rest.value.id;
  if (alone !== undefined) throw new CliError('E_DATA_RUN', `llm data review: expected the text of every document that was decided on but found none of ${alone} in ${inputs.join(', ')}. Name the files that went into ${data.title}, with the same flags.`);
}
