import type { Document } from '@llm/data-quality';

const DOCUMENTATION_PROMPTS = ['# Install', 'This package', '/**\n * Returns the', 'export interface'];
const WORDS = 4;

/** How samples begin: as documentation does, or as held-out texts of the user's own do. */
export function choosePrompts(isDocumentation: boolean, validation: readonly Document[]): string[] {
  if (isDocumentation) return DOCUMENTATION_PROMPTS;
  const found = new Set<string>();
  for (const { text } of validation) {
    const words = /^\s*((?:\S+\s+){3}\S+)/.exec(text.slice(0, 400))?.[1];
    if (words !== undefined && words.split(/\s+/).length === WORDS) found.add(words);
    if (found.size === 3) break;
  }
  return found.size === 0 ? ['The '] : [...found];
}
