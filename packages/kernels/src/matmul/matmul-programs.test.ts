// Programs with f16 and with matrix units, which a software card does not run: that the compiler of WebGPU takes them, on the
// device of Dawn that has every feature and does nothing.
import { expect, test } from 'vitest';
import { JOIN, PROGRAMS, TO_HALF } from './matmul-programs.ts';

const PACKAGE = 'webgpu';

const inNode = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

test.runIf(inNode)('every program of the product compiles', async () => {
  const { create, globals } = await import(/* @vite-ignore */ PACKAGE) as { create(options: string[]): GPU; globals: object };
  for (const [name, value] of Object.entries(globals)) if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
  // What everything below belongs to: it must not be collected before.
  const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const adapter = await gpu.requestAdapter();
  const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
  const device = await adapter!.requestDevice({ requiredFeatures: features });
  const all = Object.entries({ ...PROGRAMS, JOIN }).flatMap(([name, ways]) => (
    Object.entries(ways).map(([words, { source }]) => ({ name: `${name} ${words}`, source }))
  ));
  all.push({ name: 'TO_HALF', source: TO_HALF.source });
  expect(all.length).toBe(43);
  for (const { name, source } of all) {
    device.pushErrorScope('validation');
    const shader = device.createShaderModule({ code: source });
    const messages = (await shader.getCompilationInfo()).messages.map(({ type, message, lineNum }) => `${type}: ${message} (line ${lineNum})`);
    expect([name, ...messages, (await device.popErrorScope())?.message]).toEqual([name, undefined]);
  }
  // Those whose workgroup memory this device grants, as pipelines in every layout.
  for (const { source, name } of all.filter((one) => /32x32|fewRows|JOIN/.test(one.name))) {
    for (const [TRANSPOSE_A, TRANSPOSE_B] of [[0, 0], [0, 1], [1, 0], [1, 1]] as const) {
      device.pushErrorScope('validation');
      device.createComputePipeline({
        layout: 'auto',
        compute: {
          module: device.createShaderModule({ code: source }), entryPoint: 'main',
          constants: { TRANSPOSE_A, TRANSPOSE_B, HAS_BIAS: 1, HAS_RESIDUAL: 1, KEEP_BEFORE: 1, ACTIVATION: 2 },
        },
      });
      expect([name, (await device.popErrorScope())?.message]).toEqual([name, undefined]);
    }
  }
  device.destroy();
  expect(gpu).toBeDefined();
});
