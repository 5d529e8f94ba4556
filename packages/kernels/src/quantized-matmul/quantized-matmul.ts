import { type Kernel, defineKernel } from '../kernel.ts';
import { canMultiplyCodes, portsOfCodes, sizesOfCodes, unitOf } from './codes.ts';
import { quantizedMatmulOnGpu } from './quantized-on-gpu.ts';
import { quantizedMatmulReference } from './reference.ts';

/** Up to so many rows weights stream past where they lie; for more of them, they are unpacked into panels. */
const FEW_ROWS = 4;
const TILE_ROWS = 4;
const TILE_COLS = 8;
/** Columns that a task unpacks at most: they fill a quarter of a thread's scratch. */
const COLS_PER_TASK = 64;
/** Enough tasks to keep threads evenly busy. */
const TASKS = 32;

/**
 * y = x · Wᵀ + bias + residual with W [n, k] in codes, of which products are made as they are: x is brought to signed bytes by units of 32
 * values (16 where blocks are no multiple of 32) with a scale max |x| / 127 each. No sum is further from that of exact x than
 *
 *   Σ over units of max |x| / 254 · Σ |w|
 *
 * W = (code − zero) · scale − offset, codes of `bits` bits in blocks of `blockSize` along the rows. `canMultiplyCodes` tells which sizes
 * there may be; m, n and k come with the call.
 */
export const quantizedMatmul: Kernel = defineKernel({
  name: 'quantizedMatmul',
  inputs: { x: { dims: ['m', 'k'] }, ...portsOfCodes, bias: { dims: ['n'], optional: true }, residual: { dims: ['m', 'n'], optional: true } },
  outputs: { y: { dims: ['m', 'n'] } },
  uniforms: { bits: 8, blockSize: 32, zero: 0 },
  derive({ n = 0, k = 0 }, uniforms) {
    if (!canMultiplyCodes({ k, ...uniforms })) {
      throw new RangeError(`quantizedMatmul: expected rows of whole blocks, and those multiples of ${unitOf(uniforms)}, but found rows of ${k} and blocks of ${uniforms.blockSize}. Dequantize such weights.`);
    }
    return sizesOfCodes(n * k, uniforms);
  },
  reference: quantizedMatmulReference,
  wasm({ at, dims: { m = 0, n = 0, k = 0 }, uniforms: { bits, blockSize, zero }, run, temporary, device }) {
    if (m === 0 || n === 0) return;
    const unit = unitOf({ bits, blockSize }), units = k / unit;
    // The AssemblyScript keeps codes of x in bytes where it multiplies nibbles as they are.
    const bytes = unit * (bits === 4 && device.relaxedSimd ? 1 : 2);
    // What the sums of x are multiplied with: offsets, or zero · scale.
    const [shifts, factor] = at.offset !== 0 ? [at.offset, 1] : zero !== 0 ? [at.scale, zero] : [0, 0];
    const rest = [at.codes, at.scale, shifts, factor, at.y, m, n, k, blockSize, unit, bits] as const;
    if (m <= FEW_ROWS) {
      // More than two are taken by fours.
      const rows = m <= 2 ? m : Math.ceil(m / TILE_ROWS) * TILE_ROWS;
      const codes = temporary(rows * units * bytes), scales = temporary(rows * units * 4), sums = temporary(((rows * k) / blockSize) * 4);
      run('quantizedPackRows', rows, 1, at.x, codes, scales, sums, m, k, blockSize, unit, bits);
      const nc = Math.max(4, Math.ceil(n / 64));
      run('quantizedFewRows', Math.ceil(n / nc), 1, codes, scales, sums, ...rest, nc, at.bias, at.residual);
      return;
    }
    const groups = Math.ceil(m / TILE_ROWS);
    const packed = temporary(groups * units * (32 + TILE_ROWS * bytes));
    run('quantizedPackGroups', groups, Math.max(1, Math.ceil(groups / 16)), at.x, packed, m, k, unit, bits);
    const nc = Math.min(COLS_PER_TASK, Math.max(1, Math.ceil(n / TILE_COLS / TASKS)) * TILE_COLS);
    run('quantizedTiles', Math.ceil(n / nc), 1, packed, ...rest, nc, at.bias, at.residual);
  },
  webgpu(call) {
    quantizedMatmulOnGpu(call, { unit: unitOf(call.uniforms) });
  },
});
