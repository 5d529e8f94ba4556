import { fma, sumLanes, loadPartial, storePartial } from '../common/simd.as';

/**
 * Rows [begin, end): y = weight · (x − mean) · rstd + bias. The mean is taken once more over x − mean, so that neither it nor
 * the variance loses digits where the mean is large beside the deviations.
 */
export function layerNorm(
  begin: i32, end: i32, x: usize, weight: usize, bias: usize, y: usize, mean: usize, rstd: usize, cols: i32, eps: f32,
): void {
  const row = <usize>cols << 2;
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * row, to = y + <usize>r * row;
    let s0 = f32x4.splat(0), s1 = s0;
    let c = 0;
    for (; c + 8 <= cols; c += 8) {
      const at = <usize>c << 2;
      s0 = f32x4.add(s0, v128.load(from + at)); s1 = f32x4.add(s1, v128.load(from + at, 16));
    }
    let sum = sumLanes(f32x4.add(s0, s1));
    for (; c < cols; c++) sum += load<f32>(from + (<usize>c << 2));
    const center: f32 = sum / <f32>cols;
    const m = f32x4.splat(center);
    let d0 = f32x4.splat(0), d1 = d0, q0 = d0, q1 = d0;
    for (c = 0; c + 8 <= cols; c += 8) {
      const at = <usize>c << 2;
      const a = f32x4.sub(v128.load(from + at), m), b = f32x4.sub(v128.load(from + at, 16), m);
      d0 = f32x4.add(d0, a); d1 = f32x4.add(d1, b);
      q0 = fma(a, a, q0); q1 = fma(b, b, q1);
    }
    let rest = sumLanes(f32x4.add(d0, d1)), squares = sumLanes(f32x4.add(q0, q1));
    for (; c < cols; c++) {
      const v: f32 = load<f32>(from + (<usize>c << 2)) - center;
      rest += v; squares += v * v;
    }
    const shift: f32 = rest / <f32>cols;
    const variance: f32 = max<f32>(0, squares / <f32>cols - shift * shift);
    const scale: f32 = 1 / sqrt<f32>(variance + eps);
    store<f32>(mean + (<usize>r << 2), center + shift);
    store<f32>(rstd + (<usize>r << 2), scale);
    const s = f32x4.splat(scale), o = f32x4.splat(-shift * scale);
    for (c = 0; c + 4 <= cols; c += 4) {
      const at = <usize>c << 2;
      const normal = fma(f32x4.sub(v128.load(from + at), m), s, o), w = v128.load(weight + at);
      v128.store(to + at, bias != 0 ? fma(normal, w, v128.load(bias + at)) : f32x4.mul(normal, w));
    }
    if (c < cols) {
      const at = <usize>c << 2, left = cols - c;
      const normal = fma(f32x4.sub(loadPartial(from + at, left), m), s, o), w = loadPartial(weight + at, left);
      storePartial(to + at, bias != 0 ? fma(normal, w, loadPartial(bias + at, left)) : f32x4.mul(normal, w), left);
    }
  }
}

/**
 * Rows [begin, end), a multiple of `grain` long but for the last: with x̂ = (x − mean) · rstd and g = dy · weight,
 * dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)); the chunk's Σ dy · x̂ and Σ dy go to its own rows of the partial sums.
 */
export function layerNormBackward(
  begin: i32, end: i32, dy: usize, x: usize, weight: usize, mean: usize, rstd: usize, dx: usize,
  partialWeight: usize, partialBias: usize, cols: i32, grain: i32,
): void {
  const row = <usize>cols << 2;
  const sumsWeight = partialWeight + <usize>(begin / grain) * row, sumsBias = partialBias + <usize>(begin / grain) * row;
  memory.fill(sumsWeight, 0, row);
  memory.fill(sumsBias, 0, row);
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * row, grad = dy + <usize>r * row, to = dx + <usize>r * row;
    const center = load<f32>(mean + (<usize>r << 2)), scale = load<f32>(rstd + (<usize>r << 2));
    const m = f32x4.splat(center), s = f32x4.splat(scale);
    let dot4 = f32x4.splat(0), sum4 = dot4;
    let c = 0;
    for (; c + 4 <= cols; c += 4) {
      const at = <usize>c << 2;
      const d = v128.load(grad + at), normal = f32x4.mul(f32x4.sub(v128.load(from + at), m), s);
      v128.store(sumsWeight + at, fma(d, normal, v128.load(sumsWeight + at)));
      v128.store(sumsBias + at, f32x4.add(d, v128.load(sumsBias + at)));
      const g = f32x4.mul(d, v128.load(weight + at));
      dot4 = fma(g, normal, dot4);
      sum4 = f32x4.add(sum4, g);
    }
    let dot = sumLanes(dot4), sum = sumLanes(sum4);
    for (; c < cols; c++) {
      const at = <usize>c << 2;
      const d = load<f32>(grad + at), normal: f32 = (load<f32>(from + at) - center) * scale;
      store<f32>(sumsWeight + at, load<f32>(sumsWeight + at) + d * normal);
      store<f32>(sumsBias + at, load<f32>(sumsBias + at) + d);
      const g: f32 = d * load<f32>(weight + at);
      dot += g * normal;
      sum += g;
    }
    const a = f32x4.splat(-dot / <f32>cols), b = f32x4.splat(sum / <f32>cols);
    for (c = 0; c + 4 <= cols; c += 4) {
      const at = <usize>c << 2;
      const g = f32x4.mul(v128.load(grad + at), v128.load(weight + at)), normal = f32x4.mul(f32x4.sub(v128.load(from + at), m), s);
      v128.store(to + at, f32x4.mul(s, fma(normal, a, f32x4.sub(g, b))));
    }
    if (c < cols) {
      const at = <usize>c << 2, left = cols - c;
      const g = f32x4.mul(loadPartial(grad + at, left), loadPartial(weight + at, left));
      const normal = f32x4.mul(f32x4.sub(loadPartial(from + at, left), m), s);
      storePartial(to + at, f32x4.mul(s, fma(normal, a, f32x4.sub(g, b))), left);
    }
  }
}
