import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@llm/source'] },
  ssr: { resolve: { conditions: ['@llm/source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.browser.test.ts'],
    setupFiles: ['tools/count-cases.mjs'],
    testTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
