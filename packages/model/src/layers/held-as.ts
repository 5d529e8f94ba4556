import { inRowBlocks, type Leaf, type Tensor } from '@llm/tensor';

/** Matrices that stand in GPT-2 as [in, out], so that their rows are not those of what they make. */
const CONV1D = /\.c_\w+\.weight$/;

/** A parameter as the device can hold it: a matrix that is too large for one tensor there in blocks of its rows. */
export const heldAs = (name: string, tensor: Tensor): Leaf => (CONV1D.test(name) ? tensor : inRowBlocks(tensor));
