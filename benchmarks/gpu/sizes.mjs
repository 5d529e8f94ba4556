import { GPT2_SMALL } from '@llm/model';

/** GPT-2 with 124 million parameters, its tokens per batch as the matrix shapes below have them. */
const ROWS = 8192;
const WIDTH = 768;

/** [name, m, n, k, layout]: the layout says which operands are stored transposed. */
const PRODUCTS = [
  ['4096³', 4096, 4096, 4096, 'NN'],
  ['qkv', ROWS, 3 * WIDTH, WIDTH, 'NN'],
  ['proj', ROWS, WIDTH, WIDTH, 'NN'],
  ['fc', ROWS, 4 * WIDTH, WIDTH, 'NN'],
  ['fc-proj', ROWS, WIDTH, 4 * WIDTH, 'NN'],
  ['head 50257', ROWS, 50_257, WIDTH, 'NT'],
  ['head 50304', ROWS, 50_304, WIDTH, 'NT'],
  ['fc, gradient of x', ROWS, WIDTH, 4 * WIDTH, 'NT'],
  ['fc, gradient of W', WIDTH, 4 * WIDTH, ROWS, 'TN'],
];

const GPT2 = { ...GPT2_SMALL, eosIds: [] };
const TINY = { ...GPT2, vocabSize: 211, hiddenSize: 64, intermediateSize: 256, layers: 2, heads: 2, maxPositions: 64 };

/** What is measured on a graphics card. */
export const FULL = {
  timing: { warmSeconds: 0.5, sampleSeconds: 0.1, rounds: 9, mostSeconds: 60 },
  matmul: PRODUCTS,
  attention: { batch: 4, heads: 12, width: 64, lengths: [1024, 4096] },
  train: { config: GPT2, batch: 8, length: 1024, stepsPerSample: 4 },
  decode: { config: GPT2, prompt: 16, tokensPerSample: 64 },
  memory: { rows: ROWS, width: WIDTH, vocab: 50_257 },
  tfjs: { product: 4096, config: { ...GPT2, vocabSize: 8192, hiddenSize: 384, intermediateSize: 1536, layers: 6, heads: 6, maxPositions: 256 }, batch: 16, length: 256, stepsPerSample: 4 },
};

/** The same code on sizes that an imitation of a graphics card manages; its figures mean nothing. */
export const QUICK = {
  timing: { warmSeconds: 0, sampleSeconds: 0, rounds: 2, mostSeconds: 5 },
  matmul: [['96³', 96, 96, 96, 'NN'], ['head', 40, 211, 64, 'NT'], ['gradient of x', 40, 64, 96, 'NT'], ['gradient of W', 64, 96, 40, 'TN']],
  attention: { batch: 1, heads: 2, width: 64, lengths: [64, 256] },
  // All twelve layers: a step then has the dispatches of GPT-2's, whatever it computes, and the processor's part of it means something.
  train: { config: { ...TINY, layers: GPT2.layers, heads: GPT2.heads, hiddenSize: 4 * GPT2.heads, intermediateSize: 16 * GPT2.heads }, batch: 1, length: 16, stepsPerSample: 4 },
  decode: { config: TINY, prompt: 4, tokensPerSample: 6 },
  memory: { rows: 128, width: 64, vocab: 1024 },
  tfjs: { product: 512, config: TINY, batch: 2, length: 64, stepsPerSample: 2 },
};

