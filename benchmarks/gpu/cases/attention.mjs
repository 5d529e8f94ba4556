import { attention, attentionBackward } from '@llm/kernels';
import { checked, gpuArm, launchOn, openCard, place, randomValues, readPart, relativeError } from '../card.mjs';
import { compare, versus } from '../compare.mjs';
import { torchArm } from '../peer.mjs';

const MOST_ERROR = { f32: 2e-5, f16: 1e-2 };
const PRECISIONS = 'precision' in attention.uniforms ? ['f32', 'f16'] : ['f32'];
const MEBIBYTE = 2 ** 20;

/** Causal attention forward and backward, and the most memory that it takes; half of the products are left out as they are masked. */
export async function attentionCase({ sizes, peer, report }) {
  const { batch, heads, width, lengths } = sizes.attention;
  const peaks = {};
  for (const length of lengths) {
    const dims = { batch, queries: length, keys: length, heads, kvHeads: heads, width, biasBatch: 1, biasHeads: 1 };
    const name = `attention forward + backward, T ${length}, batch ${batch} × ${heads} heads of ${width}`;
    const cards = [];
    try {
      const values = Object.fromEntries(['q', 'k', 'v', 'dout'].map((port, i) => [port, randomValues(batch * length * heads * width, i + 1)]));
      const ours = async (precision) => {
        // Each on a device of its own: its peak is then its alone.
        const card = await openCard();
        cards.push(card);
        return ourArm(card, { dims, values, precision, timing: sizes.timing });
      };
      const theirs = (backend, dtype) => torchArm(peer, `${backend} ${dtype}`, { case: 'attention', backend, dtype, batch, heads, length, width, ...sizes.timing });
      const arms = [];
      for (const precision of PRECISIONS) arms.push(await ours(precision));
      const found = await compare([...arms, theirs('math', 'fp32'), theirs('efficient', 'fp32'), theirs('flash', 'bf16')], sizes.timing);
      const shape = { unit: 'TFLOP/s', figure: (seconds) => 7 * batch * heads * length ** 2 * width / seconds / 1e12 };
      const best = found[`ours ${PRECISIONS.at(-1)}`];
      report(versus(`${name}, f32`, [found['ours f32'], found['math fp32']], { ...shape, peer: 'SDPA math fp32' }));
      report(versus(`${name}, f32`, [found['ours f32'], found['efficient fp32']], { ...shape, peer: 'SDPA efficient fp32' }));
      report(versus(`${name}, ${PRECISIONS.at(-1)}`, [best, found['flash bf16']], { ...shape, peer: 'SDPA flash bf16' }));
      for (const [arm, { facts }] of Object.entries(found)) (peaks[arm] ??= {})[length] = facts?.peakBytes;
    } catch (error) {
      report({ name, failed: error });
    } finally {
      for (const card of cards) card.close();
    }
  }
  const [short, long] = lengths;
  for (const length of lengths) report(memoryRow(`attention peak memory, T ${length}, f32`, [peaks['ours f32']?.[length], peaks['math fp32']?.[length]], 'SDPA math fp32'));
  const growth = (arm) => peaks[arm]?.[long] / peaks[arm]?.[short] || undefined;
  report({
    name: `attention peak memory, T ${short} to ${long}: grows by (${long / short} is linear)`, unit: '×', ours: growth('ours f32'), peer: 'SDPA math fp32', theirs: growth('math fp32'),
    ratio: growth('math fp32') / growth('ours f32') || undefined, digits: 3, note: '', ...(growth('ours f32') === undefined ? { failed: 'no peak was measured' } : {}),
  });
}

function memoryRow(name, [ours, theirs], peer) {
  return { name, unit: 'MiB', ours: ours && ours / MEBIBYTE, peer, theirs: theirs && theirs / MEBIBYTE, ratio: theirs / ours || undefined, digits: 4, note: '', ...(ours === undefined ? { failed: 'no peak was measured' } : {}) };
}

function ourArm({ gpu, settle }, { dims, values, precision, timing }) {
  const [q, k, v, dout] = ['q', 'k', 'v', 'dout'].map((port) => place(gpu, values[port]));
  const [o, dq, dk, dv] = Array.from({ length: 4 }, () => gpu.alloc(q.bytes));
  const lse = gpu.alloc(dims.batch * dims.heads * dims.queries * 4);
  const uniforms = { causal: 1, precision: precision === 'f16' ? 1 : undefined };
  const forward = launchOn(gpu, attention, { at: { q, k, v, o, lse }, dims, uniforms });
  const backward = launchOn(gpu, attentionBackward, { at: { dout, q, k, v, o, lse, dq, dk, dv }, dims, uniforms });
  return gpuArm(`ours ${precision}`, {
    settle,
    run() {
      forward();
      backward();
    },
    async prepare() {
      const rows = await checkedRows({ gpu, o, dq }, { dims, values });
      return { check: checked(Math.max(...rows), MOST_ERROR[precision]), peakBytes: gpu.stats().peakBytes };
    },
  }, timing);
}

/** Errors of o and dq at some queries; for one query the sums go over its own keys alone. */
async function checkedRows({ gpu, o, dq }, { dims: { batch, queries, heads, width }, values: { q, k, v, dout } }) {
  const errors = [];
  for (const [b, h, at] of [[0, 0, 0], [batch - 1, heads - 1, queries - 1], [0, heads - 1, Math.floor(queries / 2)]]) {
    const place = (row) => ((b * queries + row) * heads + h) * width;
    const dot = (x, i, y, j) => {
      let sum = 0;
      for (let c = 0; c < width; c++) sum += x[i + c] * y[j + c];
      return sum;
    };
    const scores = Array.from({ length: at + 1 }, (_, j) => dot(q, place(at), k, place(j)) / Math.sqrt(width));
    const top = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - top));
    const total = powers.reduce((sum, power) => sum + power, 0);
    const mix = (weights, of) => Array.from({ length: width }, (_, c) => weights.reduce((sum, weight, j) => sum + weight * of[place(j) + c], 0));
    const shares = powers.map((power) => power / total);
    const out = mix(shares, v);
    const mean = out.reduce((sum, value, c) => sum + value * dout[place(at) + c], 0);
    const dscores = shares.map((share, j) => share * (dot(dout, place(at), v, place(j)) - mean) / Math.sqrt(width));
    errors.push(relativeError(await readPart(gpu, o, { from: place(at), count: width }), out));
    // The first query sees one key, and its gradient is zero.
    if (at > 0) errors.push(relativeError(await readPart(gpu, dq, { from: place(at), count: width }), mix(dscores, k)));
  }
  return errors;
}
