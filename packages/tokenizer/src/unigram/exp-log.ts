// The exponential function and the logarithm, the same on every engine and correctly rounded but for one result in some hundreds. `Math.exp` and
// `Math.log` may differ by a unit in the last place from engine to engine and from what a reference runs on, and where two ways to cut a text
// are equally likely that unit decides.

const SPLITS = 128;
/** Digits behind the point of the fixed-point numbers that tables are made with, in bits. */
const BITS = 200n;
const ONE = 1n << BITS;

interface Tables {
  /** 2^(i/128) as a double and what is left of it. */
  readonly power: Float64Array;
  readonly powerRest: Float64Array;
  /** 2^e at [e + 1074]. */
  readonly scale: Float64Array;
  /** About one over the middle of each interval, in 10 bits, and the logarithm of that, negated: in multiples of 2⁻⁴² and what is left. */
  readonly inverse: Float64Array;
  readonly log: Float64Array;
  readonly logRest: Float64Array;
  readonly ln2: number;
  readonly ln2Rest: number;
  /** ln 2 / 128 in 33 bits, and what is left. */
  readonly step: number;
  readonly stepRest: number;
}

let known: Tables | undefined;

/** eˣ for x from −700 to 700. */
export function expOf(x: number): number {
  if (!(x > -700 && x < 700)) return Math.exp(x);
  const { power, powerRest, scale, step, stepRest } = (known ??= makeTables());
  const k = Math.round(x * 184.6649652337873);
  const r = x - k * step - k * stepRest;
  const p = r + r * r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720)))));
  const i = k & (SPLITS - 1);
  return (power[i]! + (powerRest[i]! + power[i]! * p)) * scale[((k - i) >> 7) + 1074]!;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** ln x for normal x > 0. */
export function logOf(x: number): number {
  if (!(x >= 2.2250738585072014e-308 && x < Infinity)) return Math.log(x);
  const { inverse, log, logRest, ln2, ln2Rest } = (known ??= makeTables());
  double[0] = x;
  const offset = (words[1]! - FIRST) | 0;
  const k = offset >> 20;
  const i = (offset >> 13) & (SPLITS - 1);
  words[1] = (words[1]! - (offset & 0xfff00000)) | 0;
  const z = double[0]!;
  words[0]! &= 0xf8000000;
  const high = double[0]!;
  // Both products are exact.
  const front = high * inverse[i]! - 1;
  const back = (z - high) * inverse[i]!;
  const r = front + back;
  const whole = k * ln2 + log[i]!;
  const sum = whole + r;
  const rest = whole - sum + r + (front - r + back) + (k * ln2Rest + logRest[i]!);
  const p = r * r * (-1 / 2 + r * (1 / 3 + r * (-1 / 4 + r * (1 / 5 + r * (-1 / 6 + r * (1 / 7 + r * (-1 / 8 + r * (1 / 9))))))));
  return sum + (rest + p);
}

/** The upper half of the double that intervals begin with, a little below √½. */
const FIRST = 0x3fe6a000;

function makeTables(): Tables {
  const ln2 = fixedLog(2n, 1n);
  const [step, stepRest] = parts(ln2 / BigInt(SPLITS), 40n);
  const [ln2High, ln2Rest] = parts(ln2, 42n);
  const power = new Float64Array(SPLITS);
  const powerRest = new Float64Array(SPLITS);
  const inverse = new Float64Array(SPLITS);
  const log = new Float64Array(SPLITS);
  const logRest = new Float64Array(SPLITS);
  for (let i = 0; i < SPLITS; i++) {
    [power[i], powerRest[i]] = parts(fixedExp((ln2 * BigInt(i)) / BigInt(SPLITS)), 52n);
    double[0] = 0;
    words[1] = FIRST + (i << 13) + 0x1000;
    // An interval that ends or begins with 1 has no logarithm of its own, so that results near 0 keep their digits.
    const middle = double[0]!;
    const units = Math.abs(middle - 1) < 0.008 ? 512 : Math.round(512 / middle);
    inverse[i] = units / 512;
    [log[i], logRest[i]] = parts(-fixedLog(BigInt(units), 512n), 42n);
  }
  const scale = new Float64Array(2098);
  for (let e = -1074, value = 5e-324; e < 1024; e++, value *= 2) scale[e + 1074] = value;
  return { power, powerRest, scale, inverse, log, logRest, ln2: ln2High, ln2Rest, step, stepRest };
}

/** A fixed-point number as a multiple of 2^−bits and what is left, both exact or nearly. */
function parts(value: bigint, bits: bigint): [high: number, rest: number] {
  const cut = BITS - bits;
  const high = (value + (1n << (cut - 1n))) >> cut;
  return [Number(high) / 2 ** Number(bits), Number(value - (high << cut)) / 2 ** Number(BITS)];
}

/** ln(a/b) = 2 artanh((a − b)/(a + b)). */
function fixedLog(a: bigint, b: bigint): bigint {
  const x = ((a - b) * ONE) / (a + b);
  const square = (x * x) / ONE;
  let sum = 0n;
  for (let power = x, n = 1n; power !== 0n; power = (power * square) / ONE, n += 2n) sum += power / n;
  return 2n * sum;
}

function fixedExp(x: bigint): bigint {
  let sum = 0n;
  for (let term = ONE, n = 1n; term !== 0n; term = (term * x) / (ONE * n), n++) sum += term;
  return sum;
}
