// The two products of attention over tiles in workgroup memory. A workgroup owns OWNED rows of one side and streams the other
// past, STREAMED rows at a time. Lanes stand X beside each other and Y above each other: lane (x, y) has the owned rows y + Y·r
// and the streamed rows 4x … 4x + 3, so that a vector holds four streamed rows; and of the sums the vectors x + X·c of a row.
override X: u32;
override ROWS: u32;
override COLS: u32;
// Streamed rows that are multiplied into the sums at a time, 16 or a part of it.
override VALUES: u32;
override Y: u32 = LANES / X;
override OWNED: u32 = Y * ROWS;
override STREAMED: u32 = 4u * X;
// Rows of 16 numbers lie five vectors apart, so that lanes that read the same part of neighbouring rows meet no bank twice. The
// streamed side starts at SIDE.
override SIDE: u32 = 5u * OWNED;
var<workgroup> tile: array<vec4f, SIDE + max(5u * STREAMED, VALUES * X * COLS)>;

alias Scores = array<vec4f, 8>;
alias Sums = array<vec4f, 16>;

// Where vector n of a stretch of four vectors of each owned row goes, row by row.
fn ownedSlot(n: u32) -> u32 { return (n / 4u) * 5u + n % 4u; }
// The same for streamed rows: those of one lane lie X apart.
fn streamedSlot(n: u32) -> u32 { return SIDE + (((n / 4u) % 4u) * X + n / 16u) * 5u + n % 4u; }

// scores[r] += the products of owned row y + Y·r with four streamed rows, over the 16 numbers in the tile.
fn addDots(scores: ptr<function, Scores>, x: u32, y: u32) {
  for (var c = 0u; c < 4u; c++) {
    let at = SIDE + 5u * x + c;
    let k0 = tile[at];
    let k1 = tile[at + 5u * X];
    let k2 = tile[at + 10u * X];
    let k3 = tile[at + 15u * X];
    let kx = vec4f(k0.x, k1.x, k2.x, k3.x);
    let ky = vec4f(k0.y, k1.y, k2.y, k3.y);
    let kz = vec4f(k0.z, k1.z, k2.z, k3.z);
    let kw = vec4f(k0.w, k1.w, k2.w, k3.w);
    for (var r = 0u; r < ROWS; r++) {
      let a = tile[5u * (y + Y * r) + c];
      (*scores)[r] = fma(vec4f(a.w), kw, fma(vec4f(a.z), kz, fma(vec4f(a.y), ky, fma(vec4f(a.x), kx, (*scores)[r]))));
    }
  }
}

// Lays the weights of streamed rows 16·part … 16·part + 15 out where owned rows lay.
fn putWeights(weights: ptr<function, Scores>, part: u32, x: u32, y: u32) {
  if (x / 4u != part) { return; }
  for (var r = 0u; r < ROWS; r++) { tile[5u * (y + Y * r) + x % 4u] = (*weights)[r]; }
}

// sums[r, c] += Σ weights · values over the VALUES streamed rows in the tile, from vector `begin` of the weights on.
fn addProducts(sums: ptr<function, Sums>, begin: u32, x: u32, y: u32) {
  let vectors = (params.width + 3u) / 4u;
  for (var n = 0u; n < VALUES / 4u; n++) {
    var p = Scores();
    for (var r = 0u; r < ROWS; r++) { p[r] = tile[5u * (y + Y * r) + begin + n]; }
    for (var c = 0u; c < COLS; c++) {
      let at = SIDE + 4u * n * vectors + x + X * c;
      let v0 = tile[at];
      let v1 = tile[at + vectors];
      let v2 = tile[at + 2u * vectors];
      let v3 = tile[at + 3u * vectors];
      for (var r = 0u; r < ROWS; r++) {
        let i = r * COLS + c;
        (*sums)[i] = fma(vec4f(p[r].w), v3, fma(vec4f(p[r].z), v2, fma(vec4f(p[r].y), v1, fma(vec4f(p[r].x), v0, (*sums)[i]))));
      }
    }
  }
}
