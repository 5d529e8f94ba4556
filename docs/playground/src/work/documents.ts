import { createLedger, type Document, exactDedup, filterDocuments } from '@llm/data-quality';
import { isValidation } from '@llm/pretrain';
import type { SourceText } from '../protocol.ts';
import { PlaygroundError } from './problem.ts';

/** What a model is trained on, and what it is measured on. */
export interface Documents {
  readonly train: readonly string[];
  readonly held: readonly string[];
  readonly characters: number;
  readonly duplicates: number;
}

/** Below this there are not even enough pairs of letters for a tokenizer. */
const LEAST_CHARACTERS = 2000;
/** Long enough to hold a thought, short enough that a few pages give several to hold out. */
const DOCUMENT_CHARACTERS = 450;
const HELD_SHARE = 0.08;
/** Where a passage without blank lines may be cut, the best place first. */
const BREAKS = ['\n\n', '\n', '. ', ' '];

/** Cuts texts into documents at blank lines, leaves out those that say again what was said, and puts some aside. */
export async function readDocuments(texts: readonly SourceText[], { seed }: { seed: number }): Promise<Documents> {
  const total = texts.reduce((sum, { text }) => sum + text.trim().length, 0);
  const remedy = 'Paste or drop more text, or use the sample stories.';
  if (total === 0) throw new PlaygroundError('E_NO_TEXT', 'There is no text to learn from yet.', remedy);
  if (total < LEAST_CHARACTERS) throw new PlaygroundError('E_SHORT_TEXT', `The text has ${total} characters, and a model needs at least ${LEAST_CHARACTERS} to learn anything.`, remedy);
  const ledger = createLedger();
  const train: string[] = [];
  const held: string[] = [];
  for await (const { id, text } of filterDocuments(documentsOf(texts), [exactDedup()], { ledger })) {
    (isValidation(id, { validationFraction: HELD_SHARE, seed }) ? held : train).push(text);
  }
  if (held.length === 0 && train.length > 1) held.push(train.pop()!);
  if (train.length === 0 && held.length > 1) train.push(...held.splice(1));
  if (train.length === 0 || held.length === 0) {
    throw new PlaygroundError('E_SHORT_TEXT', 'The text says the same thing over and over, so that too little is left to learn from.', remedy);
  }
  const { in: before, out } = ledger.toJSON();
  return { train, held, characters: out.characters, duplicates: before.documents - out.documents };
}

function* documentsOf(texts: readonly SourceText[]): Generator<Document> {
  for (const { name, text } of texts) {
    const clean = text.replaceAll('\r\n', '\n').split('\n').map((line) => line.trimEnd()).join('\n');
    for (const [i, section] of sections(clean).entries()) yield { id: `${name}#${i}`, text: section };
  }
}

/** Pieces that are joined again until they are long enough. */
function sections(text: string): string[] {
  const found: string[] = [];
  let section = '';
  for (const piece of pieces(text, 0)) {
    section += piece;
    if (section.trim().length < DOCUMENT_CHARACTERS) continue;
    found.push(section.trim());
    section = '';
  }
  if (section.trim() !== '') found.push(section.trim());
  return found;
}

function* pieces(text: string, level: number): Generator<string> {
  const at = BREAKS[level];
  if (at === undefined || (level > 0 && text.length <= 4 * DOCUMENT_CHARACTERS)) {
    // A text without any white space is cut all the same, or one piece would be the whole of it.
    for (let from = 0; from < text.length; from += 4 * DOCUMENT_CHARACTERS) yield text.slice(from, from + 4 * DOCUMENT_CHARACTERS);
    return;
  }
  const parts = text.split(at);
  for (const [i, part] of parts.entries()) {
    if (level === 0 && part.trim() === '') continue;
    yield* pieces(i < parts.length - 1 ? part + at : part, level + 1);
  }
}
