// a op b, by the code of BINARY_OPERATIONS; maximum and minimum keep NaN.
override OP: u32;

fn combine(a: vec4f, b: vec4f) -> vec4f {
  switch (OP) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return select(select(b, a, (a > b) | isNan(a)), b, isNan(b)); }
    default: { return select(select(b, a, (a < b) | isNan(a)), b, isNan(b)); }
  }
}
