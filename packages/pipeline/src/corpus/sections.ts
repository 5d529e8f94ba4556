import type { Document } from '@llm/data-quality';

/**
 * Cuts a document at blank lines into sections of at least `characters`, so that a handful of files can still be divided into
 * training and validation. A last section that is too short joins the one before it.
 */
export function sections({ id, text, ...rest }: Document, { characters }: { characters: number }): Document[] {
  const found: string[] = [];
  let section = '';
  for (const paragraph of text.split(/(?<=\n\s*\n)/)) {
    section += paragraph;
    if (section.length < characters) continue;
    found.push(section);
    section = '';
  }
  if (section !== '' && found.length > 0 && section.length < characters) found[found.length - 1] += section;
  else if (section !== '') found.push(section);
  return found.map((part, i) => ({ ...rest, id: found.length === 1 ? id : `${id}#${i + 1}`, text: part }));
}
