import { z } from 'zod';
import { useDevice } from '@llm/tensor';
import { measurePeak } from '@llm/train';
import { command, type Command } from '../cli/command.ts';
import { bytes } from '../cli/format.ts';
import { environment } from '../run/environment.ts';
import { freeMemoryBytes } from '../train/check-memory.ts';

/** What this machine computes with, and how fast. */
export const devices: Command = command({
  name: 'devices',
  description: 'Show what this machine computes with, and measure how fast it is',
  args: {},
  schema: z.object({ json: z.boolean().default(false) }),
  async run({ json }, io) {
    const machine = environment();
    const device = await useDevice();
    const peakFlops = measurePeak();
    if (json) {
      io.out(`${JSON.stringify({ ...device, peakFlops, freeMemoryBytes: freeMemoryBytes(), environment: machine })}\n`);
      return 0;
    }
    io.out([
      `device      ${device.name}: ${device.description}`,
      `speed       ${(peakFlops / 1e9).toFixed(1)} GFLOP/s in a matrix product of 512 × 512 × 512 (f32)`,
      `memory      ${bytes(freeMemoryBytes())} free of ${bytes(machine.memoryBytes)}`,
      `processor   ${machine.cpu}, ${machine.cores} cores`,
      `software    Node ${machine.node}, V8 ${machine.v8}, ${machine.platform}, llm ${machine.llm}`,
      ...device.notes.map((note) => `note        ${note}`),
    ].map((line) => `${line}\n`).join(''));
    return 0;
  },
});
