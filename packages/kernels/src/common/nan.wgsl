// NaN, which WGSL has no constant for: the variable keeps it from being one.
fn notANumber() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}
