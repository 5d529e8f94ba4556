import type { ArgsDef } from 'citty';
import type { Precision } from '@llm/tensor';
import { z } from 'zod';
import { FILTER_SETS } from '../corpus/filters.ts';
import { SPLITS } from '../train/run-tokenizer.ts';
import { integer, number, text } from '../cli/command.ts';
import { DEVICE_CHOICES, type DeviceChoice } from '../device/pick-device.ts';

const oneOf = (names: readonly string[]): z.ZodType<string> => z.enum(names as [string, ...string[]], { error: `one of ${names.join(', ')}` }) as unknown as z.ZodType<string>;

/** Flags of every command that reads text. */
export const filterArgs: ArgsDef = {
  filters: { type: 'string', valueHint: Object.keys(FILTER_SETS).join('|'), description: 'What to drop: documentation (Gopher rules relaxed for technical text), gopher (as published, for prose), none', default: 'documentation' },
};
export const filterFields: { filters: z.ZodType<string>; json: z.ZodType<boolean> } = { filters: oneOf(Object.keys(FILTER_SETS)), json: z.boolean().default(false) };

/** The flag of every command that computes. */
export const deviceArg: ArgsDef[string] = { type: 'string', valueHint: DEVICE_CHOICES.join('|'), description: 'What to compute on; default: auto, that of LLM_DEVICE, the graphics card where there is one, or wasm (see llm devices)' };
export const deviceField: z.ZodType<DeviceChoice | undefined> = z.enum(DEVICE_CHOICES, { error: `one of ${DEVICE_CHOICES.join(', ')}` }).optional();

/** The flag of every command that trains. */
export const precisionArg: ArgsDef[string] = { type: 'string', valueHint: 'f32|f16', description: 'What matrix products round their factors to; f16 is for graphics cards that have it, elsewhere it changes nothing', default: 'f32' };
export const precisionField: z.ZodType<Precision> = z.enum(['f32', 'f16'], { error: 'f32 or f16' });

export const splitField: z.ZodType<string> = oneOf(Object.keys(SPLITS));

/** Flags of the commands that sample. */
export const samplingArgs: ArgsDef = {
  'max-tokens': { type: 'string', valueHint: 'tokens', description: 'Tokens to write at most', default: '200' },
  temperature: { type: 'string', valueHint: 'number', description: 'Randomness: 0 always takes the likeliest token', default: '0.8' },
  'top-k': { type: 'string', valueHint: 'tokens', description: 'Only the likeliest so many (0: all)', default: '40' },
  'top-p': { type: 'string', valueHint: '0…1', description: 'Only the likeliest whose probabilities add up to this', default: '0.95' },
  'min-p': { type: 'string', valueHint: '0…1', description: 'Only those at least this fraction as likely as the likeliest', default: '0.05' },
  'repeat-penalty': { type: 'string', valueHint: 'factor', description: 'Above 1, tokens of the last 64 become less likely', default: '1.1' },
  seed: { type: 'string', valueHint: 'number', description: 'The same seed gives the same text', default: '0' },
};
export const samplingFields: Record<'max-tokens' | 'temperature' | 'top-k' | 'top-p' | 'min-p' | 'repeat-penalty' | 'seed', z.ZodType<number>> & { json: z.ZodType<boolean> } = {
  'max-tokens': integer(1, 1_000_000),
  temperature: number('a number from 0 to 10', { min: 0, max: 10 }),
  'top-k': integer(0, 1_000_000),
  'top-p': number('a number above 0 up to 1', { min: 1e-6, max: 1 }),
  'min-p': number('a number from 0 to 1', { min: 0, max: 1 }),
  'repeat-penalty': number('a number from 0.1 to 10', { min: 0.1, max: 10 }),
  seed: integer(0, 2 ** 32 - 1),
  json: z.boolean().default(false),
};

/** The run that a command works on, as its first word. */
export const runArg = (description: string): ArgsDef[string] => ({ type: 'positional', description, required: true });
export const runField: z.ZodType<string> = text('the folder of a run or of a model');
