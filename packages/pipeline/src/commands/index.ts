import type { Command } from '../cli/command.ts';
import { chat } from './chat.ts';
import { data } from './data.ts';
import { devices } from './devices.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './eval.ts';
import { generateCommand } from './generate.ts';
import { inspect } from './inspect.ts';
import { pretrain } from './pretrain.ts';
import { quickstart } from './quickstart.ts';
import { tokenizerTrain } from './tokenizer-train.ts';

/** Every verb, in the order of the help. */
export const commands: readonly Command[] = [quickstart, devices, doctor, data, tokenizerTrain, pretrain, generateCommand, chat, evaluate, inspect];
