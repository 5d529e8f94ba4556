import { expect, test } from 'vitest';

// Set by vitest.browser.config.ts.
declare const crossOriginIsolationWanted: boolean;

test('the page is cross-origin isolated exactly when the run says so', () => {
  expect(globalThis.crossOriginIsolated).toBe(crossOriginIsolationWanted);
  expect(typeof globalThis.SharedArrayBuffer).toBe(crossOriginIsolationWanted ? 'function' : 'undefined');
});
