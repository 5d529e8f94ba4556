// A process of its own that asks for the graphics card: a driver that hangs or crashes takes nothing else with it.
import { createGpuDevice } from '@llm/kernels';
import { useDevice } from '@llm/tensor';
import { type GpuFacts, factsOf } from './gpu-facts.ts';
import { measureRates, type Rates } from './measure-rates.ts';

/** One line of what it prints. */
export type GpuLine = { readonly facts: GpuFacts } | { readonly rates: Rates } | { readonly error: { readonly code?: string; readonly message: string } };

const say = (line: GpuLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const gpu = await createGpuDevice();
  say({ facts: factsOf(gpu) });
  const { software } = gpu.adapter;
  gpu.close();
  if (process.argv[2] === 'measure') {
    await useDevice('webgpu');
    say({ rates: await measureRates({ mebibytes: software ? 4 : 64, seconds: software ? 0.1 : 0.5 }) });
  }
} catch (error) {
  const { code, message } = error as { code?: unknown; message?: unknown };
  say({ error: { ...(typeof code === 'string' ? { code } : {}), message: typeof message === 'string' ? message : String(error) } });
}
process.stdout.write('', () => process.exit(0));
