// The sum of the products of four signed bytes each, where the language has no word for it.
fn dotBytes(a: u32, b: u32) -> i32 {
  let x = vec4i(bitcast<i32>(a << 24u), bitcast<i32>(a << 16u), bitcast<i32>(a << 8u), bitcast<i32>(a)) >> vec4u(24u);
  let y = vec4i(bitcast<i32>(b << 24u), bitcast<i32>(b << 16u), bitcast<i32>(b << 8u), bitcast<i32>(b)) >> vec4u(24u);
  return x.x * y.x + x.y * y.y + x.z * y.z + x.w * y.w;
}
