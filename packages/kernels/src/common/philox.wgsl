// Philox 4×32-10 of a counter under a key, as philox.ts has it.

// The upper 32 bits of a · b.
fn multiplyHigh(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let carry = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (carry >> 16u);
}

fn philox(counter: vec4u, seed: vec2u) -> vec4u {
  var words = counter;
  var key = seed;
  for (var round = 0u; round < 10u; round++) {
    words = vec4u(
      multiplyHigh(0xcd9e8d57u, words.z) ^ words.y ^ key.x, 0xcd9e8d57u * words.z,
      multiplyHigh(0xd2511f53u, words.x) ^ words.w ^ key.y, 0xd2511f53u * words.x,
    );
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return words;
}
