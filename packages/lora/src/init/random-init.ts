import { randomNormal, randomUniform, type Tensor, zeros } from '@llm/tensor';

/** What the two matrices of a layer begin with. */
export type LoraInit = (at: { readonly name: string; readonly rank: number; readonly inputs: number; readonly outputs: number; readonly seed: number }) => { a: Tensor; b: Tensor };

/** A uniform in ±1/√in, which is what kaiming with a = √5 comes to, and B zero: the adapter begins as the identity. */
export const kaiming: LoraInit = ({ name, rank, inputs, outputs, seed }) => ({
  a: randomUniform([rank, inputs], { low: -1 / Math.sqrt(inputs), high: 1 / Math.sqrt(inputs), seed, stream: `${name}.lora_A` }),
  b: zeros([outputs, rank]),
});

/** A normal with deviation 1/r, and B zero. */
export const gaussian: LoraInit = ({ name, rank, inputs, outputs, seed }) => ({
  a: randomNormal([rank, inputs], { std: 1 / rank, seed, stream: `${name}.lora_A` }),
  b: zeros([outputs, rank]),
});
