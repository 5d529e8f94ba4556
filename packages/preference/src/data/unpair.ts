import type { PreferenceExample, TextOrMessages, UnpairedExample } from './examples.ts';

/**
 * Every pair as two single completions: all chosen ones as good, then all rejected ones as bad. Pairs without a prompt want `extractPrompt` first.
 */
export function unpairPreferences(examples: readonly (PreferenceExample & { readonly prompt: TextOrMessages })[]): UnpairedExample[] {
  return [
    ...examples.map(({ prompt, chosen }) => ({ prompt, completion: chosen, label: true })),
    ...examples.map(({ prompt, rejected }) => ({ prompt, completion: rejected, label: false })),
  ];
}
