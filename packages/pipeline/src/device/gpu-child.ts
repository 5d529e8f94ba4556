// A process of its own that asks for the graphics card: a driver that hangs or crashes takes nothing else with it.
import { createGpuDevice } from '@llm/kernels';
import { useDevice } from '@llm/tensor';
import { type GpuFacts, factsOf } from './gpu-facts.ts';
import { measureF16 } from './measure-f16.ts';
import { measureRates, type Rates } from './measure-rates.ts';

/** One line of what it prints. */
export type GpuLine = { readonly facts: GpuFacts } | { readonly rates: Rates } | { readonly error: { readonly code?: string; readonly message: string } };

const say = (line: GpuLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const gpu = await createGpuDevice();
  say({ facts: factsOf(gpu) });
  if (process.argv[2] === 'measure') {
    const { software } = gpu.adapter;
    const f16 = await measureF16(gpu, { seconds: 0.5 });
    await useDevice('webgpu');
    const rates = await measureRates(software ? { mebibytes: 4, seconds: 0.1 } : { mebibytes: 64, seconds: 0.5 });
    say({ rates: { ...rates, ...(f16 === undefined ? {} : { matmulF16Flops: f16 }) } });
  }
  gpu.close();
} catch (error) {
  const { code, message } = error as { code?: unknown; message?: unknown };
  say({ error: { ...(typeof code === 'string' ? { code } : {}), message: typeof message === 'string' ? message : String(error) } });
}
process.stdout.write('', () => process.exit(0));
