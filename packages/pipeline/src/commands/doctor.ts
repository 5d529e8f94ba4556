import { z } from 'zod';
import { EXIT } from '../cli/cli-error.ts';
import { command, type Command, integer } from '../cli/command.ts';
import { printable } from '../cli/io.ts';
import type { Ask } from '../device/pick-device.ts';
import { doctorText } from '../doctor/doctor-text.ts';
import { examine } from '../doctor/examine.ts';

/** The command; tests answer for the graphics card themselves. */
export function doctorCommand(ask?: Ask): Command {
  return command({
    name: 'doctor',
    description: 'Examine this machine: limits, features and speed of its devices, the largest model that fits, and what to do about problems',
    args: {
      batch: { type: 'string', valueHint: 'rows', description: 'Rows of a step, for the largest model', default: '8' },
      length: { type: 'string', valueHint: 'tokens', description: 'Tokens in a row, for the largest model', default: '512' },
    },
    schema: z.object({ batch: integer(1, 4096), length: integer(2, 1_048_576), json: z.boolean().default(false) }),
    async run({ batch, length, json }, io) {
      if (!json) io.err('Measuring, some seconds …\n\n');
      const found = await examine({ cwd: io.cwd, batch, length, ...(ask === undefined ? {} : { ask }) });
      io.out(json ? `${JSON.stringify(found)}\n` : `${printable(doctorText(found))}\n`);
      return found.canTrain ? EXIT.ok : EXIT.failure;
    },
  });
}

export const doctor: Command = doctorCommand();
