import { describe, expect, test } from 'vitest';

declare global {
  interface ImportMeta {
    glob(patterns: readonly string[], options?: { readonly query?: string; readonly import?: string }): Record<string, () => Promise<unknown>>;
  }
}

// The same consumers that run in plain Node against the tarballs.
const consumers = import.meta.glob(['../packed/consumers/*.mjs', '!../packed/consumers/*.node.mjs']);

describe('every consumer runs in a page', () => {
  test('there are consumers', () => expect(Object.keys(consumers).length).toBeGreaterThan(0));
  for (const [path, run] of Object.entries(consumers)) {
    test(path.split('/').at(-1)!.replace('.mjs', ''), async () => {
      await run();
    }, 120_000);
  }
});
