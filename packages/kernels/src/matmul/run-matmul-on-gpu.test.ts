import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askedDevices } from '../check-devices.ts';
import { seededRandom } from '../check-kernel.ts';
import { createGpuDevice, type GpuDevice } from '../gpu/gpu-device.ts';
import type { GpuMemory, ProgramCall } from '../gpu/program.ts';
import type { GpuLaunch } from '../kernel.ts';
import { type MatmulPlan, matmulPlans, type MatmulShape } from './choose-matmul.ts';
import { featuresFor } from './matmul-plan-of.ts';
import { matmulReference } from './reference.ts';
import { type GpuProduct, runMatmulOnGpu } from './run-matmul-on-gpu.ts';

const LAYOUTS = [[0, 0], [0, 1], [1, 0], [1, 1]] as const;

/** Eighths between −1 and 1: exact in f16, and so are sums of thousands of their products in f32, in whatever order. */
const eighths = (random: () => number, length: number): Float32Array => Float32Array.from({ length }, () => (Math.floor(random() * 17) - 8) / 8);

describe.runIf(askedDevices().includes('webgpu'))('products on a graphics card', () => {
  let gpu: GpuDevice;
  beforeAll(async () => { gpu = await createGpuDevice(); });
  afterAll(() => gpu.close());

  const place = (values: Float32Array): GpuMemory => {
    const memory = gpu.alloc(values.byteLength);
    gpu.write(memory, values);
    return memory;
  };

  /** What a launch hands over; temporary memory goes into the list. */
  const launcher = (scratch: GpuMemory[] = []): Pick<GpuLaunch, 'run' | 'temporary' | 'device'> => ({
    run: (program, call) => gpu.run(program, call as ProgramCall), device: gpu,
    temporary: (bytes) => {
      scratch.push(gpu.alloc(bytes));
      return scratch.at(-1)!;
    },
  });

  type Given = Omit<Partial<GpuProduct>, 'bias' | 'residual' | 'before'> & { m: number; n: number; k: number; with?: readonly ('bias' | 'residual' | 'before')[] };

  /** Runs a product by a plan from memory full of 7, and returns what it leaves with what the reference says. */
  async function both({ with: ports = [], ...product }: Given, plan?: MatmulPlan): Promise<Record<'c' | 'before', [Float32Array, Float64Array]>> {
    const { batch = 1, m, n, k, broadcastB = 0 } = product;
    const random = seededRandom(m * 131 + n * 17 + k);
    const values = {
      a: eighths(random, batch * m * k), b: eighths(random, (broadcastB ? 1 : batch) * n * k), c: new Float32Array(batch * m * n).fill(7),
      bias: eighths(random, n), residual: eighths(random, batch * m * n), before: new Float32Array(batch * m * n).fill(7),
    };
    const names = (['a', 'b', 'c', 'bias', 'residual', 'before'] as const).filter((name) => name.length === 1 || ports.includes(name as 'bias'));
    const at = Object.fromEntries(names.map((name) => [name, place(values[name])])) as { a: GpuMemory; b: GpuMemory; c: GpuMemory; before?: GpuMemory };
    const scratch: GpuMemory[] = [];
    runMatmulOnGpu(launcher(scratch), { ...product, ...at, plan });
    const c = new Float32Array(await gpu.read(at.c));
    const before = at.before === undefined ? new Float32Array(0) : new Float32Array(await gpu.read(at.before));
    for (const memory of [...Object.values(at), ...scratch]) gpu.free(memory);
    const io = Object.fromEntries(names.map((name) => [name, Float64Array.from(values[name])]));
    const old = io.c!.slice();
    matmulReference(io as never, { batch, m, n, k }, { transposeA: 0, transposeB: 0, activation: 0, broadcastB, ...product });
    if (product.accumulate) io.c = io.c!.map((sum, i) => sum + old[i]!);
    return { c: [c, io.c!], before: [before, io.before ?? new Float64Array(0)] };
  }

  /** Exactly the reference's numbers. */
  async function expectExact(product: Given, plan?: MatmulPlan): Promise<void> {
    const { c: [actual, expected], before: [kept, wanted] } = await both(product, plan);
    const wrong = expected.findIndex((value, i) => value !== actual[i]);
    if (wrong >= 0) throw new Error(`expected ${expected[wrong]} at ${wrong} but found ${actual[wrong]}: ${JSON.stringify({ product, plan })}`);
    expect([...kept]).toEqual([...wanted]);
  }

  /** The first plan of each program and tile, as it is and with k cut. */
  function everyPlan(shape: Omit<MatmulShape, 'batch' | 'transposeA' | 'transposeB' | 'precision'>): MatmulPlan[] {
    const seen = new Map<string, MatmulPlan>();
    for (const precision of [0, 1]) {
      for (const plan of matmulPlans(featuresFor(gpu), gpu.limits, { ...shape, batch: 1, transposeA: 1, transposeB: 0, precision })) {
        const key = [plan.program, plan.tileM, plan.tileN, plan.splits > 1].join();
        if (!seen.has(key)) seen.set(key, plan);
      }
    }
    return [...seen.values()];
  }

  test('every tile is right at its edges, in every layout', async () => {
    const plans = everyPlan({ m: 1000, n: 1000, k: 16 });
    expect(plans.length).toBeGreaterThanOrEqual(3);
    for (const plan of plans) {
      const { tileM, tileN } = plan;
      const shapes = [[tileM, tileN, 32], [tileM - 1, tileN + 1, 17], [tileM + 4, tileN - 4, 20], [tileM + 1, tileN, 1], [1, 4, 40], [3, tileN + 3, 5]] as const;
      // In each layout an even size, an odd one, and one of the others.
      for (const [i, [transposeA, transposeB]] of LAYOUTS.entries()) {
        for (const [m, n, k] of [shapes[0], shapes[1], shapes[2 + i]!]) await expectExact({ m, n, k, transposeA, transposeB, precision: 1 }, plan);
      }
    }
  }, 480_000);

  test('every tile, k whole and in parts, does every epilogue', async () => {
    const plans = everyPlan({ m: 1000, n: 1000, k: 300 });
    expect(plans.some(({ splits }) => splits > 1)).toBe(true);
    for (const plan of plans) {
      // What finishes sums is the same for all: each part of it by itself with the smallest tile.
      const parts = plan.tileM === 32 ? [['bias'], ['residual'], ['before']] as const : [];
      for (const n of [36, 37]) {
        for (const ports of [['bias', 'residual', 'before'], ...parts] as const) await expectExact({ batch: 2, m: 7, n, k: 300, with: ports, activation: 4 }, plan);
        if (plan.tileM === 32) await expectExact({ batch: 2, m: 7, n, k: 300, accumulate: 1 }, plan);
      }
    }
  }, 480_000);

  test('few rows stream b in both of its layouts, in parts too', async () => {
    for (const [m, rows] of [[1, 1], [2, 2], [5, 8], [8, 8]] as const) {
      for (const [n, k] of [[1, 1], [4, 8], [33, 130], [36, 260], [260, 36], [5, 1028]] as const) {
        for (const transposeB of [0, 1]) {
          for (const [lanes, splits] of [[8, 1], [64, 1], [32, 3]] as const) {
            const plan: MatmulPlan = { program: 'fewRows', constants: { ROWS: rows }, tileM: rows, tileN: 1024 / lanes, splits, lanes };
            await expectExact({ m, n, k, transposeB, with: ['bias', 'residual'] }, plan);
          }
        }
      }
    }
    await expectExact({ batch: 3, m: 2, n: 12, k: 20 });
    await expectExact({ m: 1, n: 12, k: 20, transposeA: 1 });
  }, 240_000);

  test('one b serves a batch, whatever way rows lie', async () => {
    for (const [transposeA, transposeB] of LAYOUTS) {
      for (const [m, n, k] of [[9, 12, 8], [5, 13, 7]] as const) await expectExact({ batch: 3, m, n, k, transposeA, transposeB, broadcastB: 1, with: ['bias'] });
    }
  });

  test('matrices may begin anywhere, and rows of c and a may have room behind them, which is left as zeros', async () => {
    const [m, n, k, aRow, cRow] = [9, 6, 5, 8, 8];
    const random = seededRandom(5);
    const rows = eighths(random, m * k);
    const b = eighths(random, k * 8);
    const a = new Float32Array(4 + m * aRow);
    for (let i = 0; i < m; i++) a.set(rows.subarray(i * k, (i + 1) * k), 4 + i * aRow);
    for (const [cStart, bStart] of [[0, 0], [4, 4], [3, 1]] as const) {
      const at = { a: place(a), b: place(b), c: place(new Float32Array(m * cRow + 8).fill(7)) };
      runMatmulOnGpu(launcher(), { ...at, m, n, k, transposeB: 1, aStart: 4, aRow, bStart, cStart, cRow });
      const c = new Float32Array(await gpu.read(at.c));
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += rows[i * k + l]! * b[bStart + j * k + l]!;
          expect(c[cStart + i * cRow + j]).toBe(sum);
        }
      }
    }
    // Whole words of k: all that is read is words, and c has its zeros.
    const at = { a: place(eighths(random, m * 8)), b: place(eighths(random, n * 8)), c: place(new Float32Array(m * cRow).fill(7)) };
    runMatmulOnGpu(launcher(), { ...at, m, n, k: 8, transposeB: 1, cRow });
    const c = new Float32Array(await gpu.read(at.c));
    for (let i = 0; i < m; i++) expect([...c.subarray(i * cRow + n, (i + 1) * cRow)]).toEqual([0, 0]);
  });

  test('rows and terms beyond those that memory on the card counts are left out, by every program, k whole and in parts', async () => {
    const [m, n, k] = [140, 40, 70];
    const random = seededRandom(6);
    const [a, b] = [eighths(random, m * k), eighths(random, k * n)];
    const memory = gpu.alloc(4);
    for (const plan of everyPlan({ m: 1000, n: 1000, k: 16 })) {
      for (const [number, before] of [[3, 40], [75, 40], [133, 0], [500, 10]] as const) {
        gpu.write(memory, Uint32Array.of(number));
        for (const of of ['rows', 'terms'] as const) {
          const at = { a: place(a), b: place(b), c: place(new Float32Array(m * n).fill(7)) };
          const scratch: GpuMemory[] = [];
          runMatmulOnGpu(launcher(scratch), { ...at, m, n, k, plan, counted: { memory, of, before } });
          const c = new Float32Array(await gpu.read(at.c));
          const counted = Math.max(0, number - before);
          const rows = of === 'rows' ? Math.min(m, counted) : m;
          const terms = of === 'terms' ? Math.min(k, counted) : k;
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < n; j++) {
              let sum = 0;
              for (let l = 0; l < terms; l++) sum += a[i * k + l]! * b[l * n + j]!;
              if (c[i * n + j] !== sum) throw new Error(`expected ${sum} at ${i}, ${j} but found ${c[i * n + j]}: ${JSON.stringify({ plan, number, before, of })}`);
            }
          }
          // Whole tiles beyond stay as they were.
          const untouched = Math.ceil(rows / plan.tileM) * plan.tileM;
          if (plan.splits === 1) expect(c.subarray(untouched * n).every((value) => value === 7)).toBe(true);
          for (const each of [...Object.values(at), ...scratch]) gpu.free(each);
        }
      }
    }
    gpu.free(memory);
  }, 480_000);

  test('precision 1 rounds operands to f16 where the card has it, and products are added in f32', async () => {
    const fine = 1 + 2 ** -12;
    const at = { a: place(new Float32Array(9 * 64).fill(fine)), b: place(new Float32Array(64 * 12).fill(1)), c: place(new Float32Array(9 * 12)) };
    runMatmulOnGpu(launcher(), { ...at, m: 9, n: 12, k: 64, precision: 0 });
    expect(new Float32Array(await gpu.read(at.c))[0]).toBe(64 * fine);
    runMatmulOnGpu(launcher(), { ...at, m: 9, n: 12, k: 64, precision: 1 });
    expect(new Float32Array(await gpu.read(at.c))[0]).toBe(gpu.features.f16 ? 64 : 64 * fine);
    // 2,048 + 1 is no f16: a sum in f16 would stay at 2,048.
    const ones = { a: place(new Float32Array(9 * 4096).fill(1)), b: place(new Float32Array(4096 * 12).fill(1)), c: at.c };
    runMatmulOnGpu(launcher(), { ...ones, m: 9, n: 12, k: 4096, precision: 1 });
    expect(new Float32Array(await gpu.read(at.c))[0]).toBe(4096);
  });
});
