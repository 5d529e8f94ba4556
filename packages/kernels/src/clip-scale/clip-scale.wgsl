// scale = min(1, maxNorm / (norm + 1e-6)), or NaN where norm or loss is not finite.
struct Params { maxNorm: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> norm: array<f32>;
@group(0) @binding(2) var<storage, read> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> scale: array<u32>;

fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }

@compute @workgroup_size(1)
fn main() {
  let divisor = norm[0] + 1e-6;
  let factor = select(params.maxNorm / divisor, 1.0, divisor <= params.maxNorm);
  scale[0] = select(0x7fc00000u, bitcast<u32>(factor), isFinite(norm[0]) && isFinite(loss[0]));
}
