import type { Command } from '../cli/command.ts';
import { chat } from './chat.ts';
import { check } from './check.ts';
import { data } from './data.ts';
import { devices } from './devices.ts';
import { doctor } from './doctor.ts';
import { dpo } from './dpo.ts';
import { evaluate } from './eval.ts';
import { generateCommand } from './generate.ts';
import { grpo } from './grpo.ts';
import { init } from './init.ts';
import { inspect } from './inspect.ts';
import { ppo } from './ppo.ts';
import { pretrain } from './pretrain.ts';
import { quickstart } from './quickstart.ts';
import { reward } from './reward.ts';
import { loraCommand, sft } from './sft.ts';
import { tokenizerTrain } from './tokenizer-train.ts';

const verbs: readonly Command[] = [quickstart, devices, doctor, data, tokenizerTrain, pretrain, sft, loraCommand, dpo, reward, ppo, grpo, generateCommand, chat, evaluate, inspect, init];

/** Every verb, in the order of the help. */
export const commands: readonly Command[] = [...verbs, check(verbs)];
