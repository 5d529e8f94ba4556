export { expectClose, maxError } from './expect-close.ts';
