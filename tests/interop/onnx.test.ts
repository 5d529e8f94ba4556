import { readFileSync } from 'node:fs';
import { disposeTree, useDevice } from '@llm/tensor';
import { beforeAll, expect, test } from 'vitest';
import { fingerprint, FORMATS, NAMES, onnxCase } from './onnx/cases.mjs';

// The files that onnxruntime and transformers.js ran as we run the model, as onnx.mjs wrote their fingerprints down; that script runs them again.
const proven = JSON.parse(readFileSync(new URL('onnx/proven.json', import.meta.url), 'utf8')) as Record<string, Record<string, string>>;

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

test.each(NAMES as string[])('%s: every file is, to the byte, the one that was run', async (name) => {
  const { model, params } = await onnxCase(name);
  const found: Record<string, string> = {};
  for (const { format } of FORMATS) found[format.suffix] = await fingerprint(model, params, format);
  expect(found).toEqual(proven[name]);
  disposeTree(params);
});
