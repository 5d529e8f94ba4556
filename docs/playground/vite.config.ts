import { defineConfig, type UserConfig } from 'vite';

// What a page needs to share memory between threads. A host that sends neither still serves a page that works, on one thread.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

const config: UserConfig = defineConfig({
  // Relative, so that the built folder can lie anywhere below any host.
  base: './',
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // An inlined file would be a data: address, which the page's Content-Security-Policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
  },
});
export default config;
