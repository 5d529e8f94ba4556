import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GGUF_TYPES } from '@llm/tensor';
import { expect, test } from 'vitest';
import { seeded, seededImportance } from '../fixtures/seeded.ts';
import type { BlockType } from './codecs.ts';
import { CODECS } from './codecs.ts';
import { COMPILED } from './compiled-codecs.ts';
import { BATCH } from './fits.ts';

const types = Object.keys(COMPILED) as BlockType[];
const bytesOf = (type: BlockType, count: number): Uint8Array => new Uint8Array((count / GGUF_TYPES[type].blockSize) * GGUF_TYPES[type].blockBytes);

test('compiled.ts was made of fit.as.ts as it is now', () => {
  const [source, compiled] = ['fit.as.ts', 'compiled.ts'].map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'));
  expect(compiled).toContain(createHash('sha256').update(source!).digest('hex'));
});

test.each(types)('%s: the compiled loops write what the plain ones do, also beyond a batch', (type) => {
  for (const kind of ['bell', 'heavy', 'sparse', 'ladder', 'positive', 'tiny', 'zero'] as const) {
    const count = 256 * (kind === 'bell' ? 2 * BATCH + 3 : 5);
    const values = seeded(kind, count, 5);
    // Magnitudes that differ from block to block, and one that is nearly nothing.
    for (let i = 0; i < count; i++) values[i]! *= 2 ** ((i >> 8) % 5) * ((i >> 5) % 11 === 3 ? 1e-12 : 1);
    for (const importance of [undefined, seededImportance(count, 6)]) {
      const [plain, compiled] = [bytesOf(type, count), bytesOf(type, count)];
      CODECS[type].quantize(values, plain, importance);
      COMPILED[type]!(values, compiled, importance);
      expect(Buffer.from(compiled).equals(Buffer.from(plain)), `${kind}${importance === undefined ? '' : ' by importance'}`).toBe(true);
    }
  }
});
