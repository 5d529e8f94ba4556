export { readGolden, type GoldenTensor } from './read-golden.ts';
