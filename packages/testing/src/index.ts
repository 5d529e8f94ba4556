export { checkGradients, numbers, type Differentiate, type Values } from './check-gradients.ts';
export { expectClose, maxError } from './expect-close.ts';
export { swapMiddle } from './swap-middle.ts';
