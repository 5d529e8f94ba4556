import { hasSimd } from '@llm/kernels';
import { measurePeak } from '@llm/train';
import { z } from 'zod';
import { command, type Command } from '../cli/command.ts';
import { bytes } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { askGpu } from '../device/ask-gpu.ts';
import { type Ask, pickDevice, whyNoGpu } from '../device/pick-device.ts';
import { environment } from '../run/environment.ts';
import { freeMemoryBytes } from '../train/check-memory.ts';

/** The command; tests answer for the graphics card themselves. */
export function devicesCommand(ask: Ask = askGpu): Command {
  return command({
    name: 'devices',
    description: 'Show what this machine can compute with, what is used and why, and measure how fast it is',
    args: {},
    schema: z.object({ json: z.boolean().default(false) }),
    async run({ json }, io) {
      const machine = environment();
      const answer = await ask();
      const used = await pickDevice('auto', { ask: () => Promise.resolve(answer) });
      const peakFlops = await measurePeak();
      const { facts, fault } = answer;
      const named = process.env.LLM_DEVICE ? 'LLM_DEVICE names it' : undefined;
      const states = [
        {
          name: 'webgpu', available: facts !== undefined, used: used.name === 'webgpu', ...(facts === undefined ? {} : { adapter: facts }),
          why: used.name === 'webgpu' ? `${facts!.description}: ${named ?? 'the fastest there is here'}.` : facts === undefined || facts.software ? whyNoGpu(answer) : `${facts.description}: with --device webgpu.`,
          ...(fault === undefined ? {} : { remedy: fault.remedy }),
        },
        {
          name: 'wasm', available: hasSimd(), used: used.name === 'wasm',
          why: used.name === 'wasm' ? `${used.description}: ${named ?? 'the fastest without a graphics card'}.` : hasSimd() ? 'WebAssembly on all processors: with --device wasm.' : 'This engine has no WebAssembly SIMD.',
        },
        { name: 'cpu', available: true, used: used.name === 'cpu', why: used.name === 'cpu' ? `Plain TypeScript: ${named ?? 'all that is left'}.` : 'Plain TypeScript, one thread, for checking: with --device cpu.' },
      ];
      if (json) {
        io.out(`${JSON.stringify({ used: used.name, description: used.description, threads: used.threads, notes: used.notes, peakFlops, freeMemoryBytes: freeMemoryBytes(), devices: states, environment: machine })}\n`);
        return 0;
      }
      io.out(printable([
        ...states.map(({ name, available, used: inUse, why }) => `${name.padEnd(12)}${(inUse ? 'used' : available ? 'there' : 'not there').padEnd(11)}${why}`),
        ...(facts === undefined ? [] : [`adapter     vendor ${facts.vendor || 'unknown'}, architecture ${facts.architecture || 'unknown'}, ${facts.software ? 'software' : 'hardware'}: ${facts.description}`]),
        `speed       ${(peakFlops / 1e9).toFixed(1)} GFLOP/s in matrix products of float32 on ${used.name} (llm doctor measures more)`,
        `memory      ${bytes(freeMemoryBytes())} free of ${bytes(machine.memoryBytes)}`,
        `processor   ${machine.cpu}, ${machine.cores} cores`,
        `software    Node ${machine.node}, V8 ${machine.v8}, ${machine.platform}, llm ${machine.llm}`,
        ...used.notes.filter((note) => note !== whyNoGpu(answer)).map((note) => `note        ${note}`),
      ].map((line) => `${line}\n`).join('')));
      return 0;
    },
  });
}

export const devices: Command = devicesCommand();
