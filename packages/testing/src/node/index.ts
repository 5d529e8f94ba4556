export { readGolden, type GoldenTensor } from './read-golden.ts';
export { processorMilliseconds } from './processor-time.ts';
