import { fma, sumLanes, loadPartial, storePartial } from '../common/simd.as';

/** Rows [begin, end): rstd = 1 / √(mean(x²) + eps), y = x · rstd · weight. */
export function rmsNorm(begin: i32, end: i32, x: usize, weight: usize, y: usize, rstd: usize, cols: i32, eps: f32): void {
  const row = <usize>cols << 2;
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * row, to = y + <usize>r * row;
    let s0 = f32x4.splat(0), s1 = s0;
    let c = 0;
    for (; c + 8 <= cols; c += 8) {
      const a = v128.load(from + (<usize>c << 2)), b = v128.load(from + (<usize>c << 2), 16);
      s0 = fma(a, a, s0); s1 = fma(b, b, s1);
    }
    let sum = sumLanes(f32x4.add(s0, s1));
    for (; c < cols; c++) { const v = load<f32>(from + (<usize>c << 2)); sum += v * v; }
    const scale: f32 = 1 / sqrt<f32>(sum / <f32>cols + eps);
    store<f32>(rstd + (<usize>r << 2), scale);
    const s = f32x4.splat(scale);
    for (c = 0; c + 4 <= cols; c += 4) {
      const at = <usize>c << 2;
      v128.store(to + at, f32x4.mul(f32x4.mul(v128.load(from + at), s), v128.load(weight + at)));
    }
    if (c < cols) {
      const at = <usize>c << 2, left = cols - c;
      storePartial(to + at, f32x4.mul(f32x4.mul(loadPartial(from + at, left), s), loadPartial(weight + at, left)), left);
    }
  }
}

/**
 * Rows [begin, end), a multiple of `grain` long but for the last: with x̂ = x · rstd and g = dy · weight,
 * dx = rstd · (g − x̂ · mean(g · x̂)); the chunk's Σ dy · x̂ goes to its own row of `partial` [chunks, cols].
 */
export function rmsNormBackward(
  begin: i32, end: i32, dy: usize, x: usize, weight: usize, rstd: usize, dx: usize, partial: usize, cols: i32, grain: i32,
): void {
  const row = <usize>cols << 2;
  const sums = partial + <usize>(begin / grain) * row;
  memory.fill(sums, 0, row);
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * row, grad = dy + <usize>r * row, to = dx + <usize>r * row;
    const scale = load<f32>(rstd + (<usize>r << 2));
    const s = f32x4.splat(scale);
    let dot4 = f32x4.splat(0);
    let c = 0;
    for (; c + 4 <= cols; c += 4) {
      const at = <usize>c << 2;
      const g = v128.load(grad + at), normal = f32x4.mul(v128.load(from + at), s);
      v128.store(sums + at, fma(g, normal, v128.load(sums + at)));
      dot4 = fma(f32x4.mul(g, v128.load(weight + at)), normal, dot4);
    }
    let dot = sumLanes(dot4);
    for (; c < cols; c++) {
      const at = <usize>c << 2;
      const g = load<f32>(grad + at), normal = load<f32>(from + at) * scale;
      store<f32>(sums + at, load<f32>(sums + at) + g * normal);
      dot += g * load<f32>(weight + at) * normal;
    }
    const mean = f32x4.splat(-dot / <f32>cols);
    for (c = 0; c + 4 <= cols; c += 4) {
      const at = <usize>c << 2;
      const g = f32x4.mul(v128.load(grad + at), v128.load(weight + at));
      v128.store(to + at, f32x4.mul(s, fma(f32x4.mul(v128.load(from + at), s), mean, g)));
    }
    if (c < cols) {
      const at = <usize>c << 2, left = cols - c;
      const g = f32x4.mul(loadPartial(grad + at, left), loadPartial(weight + at, left));
      storePartial(to + at, f32x4.mul(s, fma(f32x4.mul(loadPartial(from + at, left), s), mean, g)), left);
    }
  }
}
