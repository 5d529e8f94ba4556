import { type Example, sliceExample } from '../examples/example.ts';

/** What is left of an example that is longer than a row. */
export type Truncation = (example: Example, maxLength: number) => Example;

/** Keeps the first tokens. */
export const keepStart: Truncation = (example, maxLength) => (example.ids.length <= maxLength ? example : sliceExample(example, 0, maxLength));

/** Keeps the last tokens. */
export const keepEnd: Truncation = (example, maxLength) => (example.ids.length <= maxLength ? example : sliceExample(example, example.ids.length - maxLength, example.ids.length));
