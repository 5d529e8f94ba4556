import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const executablePath = process.env.CHROMIUM;
if (executablePath === undefined) throw new Error('vitest.browser.config: expected the path of Chromium in CHROMIUM but found none. Run npm test.');

/** Cross-origin isolation is what a page needs to share memory between threads: ISOLATED=0 tests without it. */
const isolated = process.env.ISOLATED !== '0';

// Packages resolve to what they publish (dist), since that is what a page gets: build before testing.
const config: ViteUserConfig = defineConfig({
  root: 'tests',
  cacheDir: `../node_modules/.vite/${isolated ? 'isolated' : 'plain'}`,
  server: isolated ? { headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } } : {},
  define: { crossOriginIsolationWanted: JSON.stringify(isolated) },
  test: {
    // The contract of every kernel and a few steps of every stage run here too; what reads files or starts processes stays in Node.
    include: ['browser/**/*.browser.test.ts', ...(isolated ? ['../packages/kernels/src/*/*.test.ts', 'devices/{lora,objectives,policy,preference-offline,sft}.test.ts'] : [])],
    exclude: [
      '**/node_modules/**', '../packages/kernels/src/*/golden.test.ts', '../packages/kernels/src/{runtime,portable}/*.test.ts',
      '../packages/kernels/src/matmul/matmul-programs.test.ts',
    ],
    setupFiles: ['browser/ask-devices.ts', '../tools/count-cases.mjs'],
    fileParallelism: false,
    testTimeout: 240_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath,
          args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
            '--disable-sync', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader',
            // SwiftShader takes seconds for each program otherwise.
            '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension'],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
export default config;
