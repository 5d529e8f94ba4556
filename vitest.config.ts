import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@llm/source'] },
  ssr: { resolve: { conditions: ['@llm/source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.browser.test.ts'],
    // Tests that name no device read values at once, which a graphics card cannot.
    env: { LLM_DEVICE: 'wasm' },
    setupFiles: ['tools/count-cases.mjs'],
    testTimeout: 240_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
