import { expect, test } from 'vitest';
import { isValidation, splitDocuments } from './split-documents.ts';

const documents = Array.from({ length: 4000 }, (_, i) => ({ id: `doc-${i}` }));

test('the share is met, and a document keeps its side whatever else there is', () => {
  const { train, validation } = splitDocuments(documents, { validationFraction: 0.1, seed: 5 });
  // 400 expected, standard deviation √(4000 · 0.1 · 0.9) = 19; five of them
  expect(Math.abs(validation.length - 400)).toBeLessThan(95);
  expect(train.length + validation.length).toBe(4000);
  const half = splitDocuments(documents.slice(2000).reverse(), { validationFraction: 0.1, seed: 5 });
  expect(half.validation.every((document) => validation.includes(document))).toBe(true);
  expect(splitDocuments(documents, { validationFraction: 0.1, seed: 6 }).validation).not.toEqual(validation);
});

test('a larger fraction only adds to validation', () => {
  for (const { id } of documents.slice(0, 500)) {
    if (isValidation(id, { validationFraction: 0.1 })) expect(isValidation(id, { validationFraction: 0.3 })).toBe(true);
  }
});

test('an empty side is an error that says what to do; none asked for is none', () => {
  expect(() => splitDocuments(documents.slice(0, 3), { validationFraction: 1e-6 })).toThrow('none for validation among 3. Use more');
  expect(() => splitDocuments([], { validationFraction: 0.1 })).toThrow('expected documents but found none');
  expect(() => splitDocuments(documents, { validationFraction: 1 })).toThrow('expected validationFraction from 0 to below 1 but found 1');
  expect(splitDocuments(documents, { validationFraction: 0 }).validation).toEqual([]);
});
