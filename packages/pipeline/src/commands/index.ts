import type { Command } from '../cli/command.ts';
import { card } from './card.ts';
import { chat } from './chat.ts';
import { check } from './check.ts';
import { compare } from './compare.ts';
import { data } from './data.ts';
import { devices } from './devices.ts';
import { distill } from './distill.ts';
import { doctor } from './doctor.ts';
import { dpo } from './dpo.ts';
import { evaluate } from './eval.ts';
import { exportCommand } from './export.ts';
import { generateCommand } from './generate.ts';
import { grpo } from './grpo.ts';
import { init } from './init.ts';
import { inspect } from './inspect.ts';
import { planCommand } from './plan.ts';
import { ppo } from './ppo.ts';
import { pretrain } from './pretrain.ts';
import { pruneCommand } from './prune.ts';
import { quantizeCommand } from './quantize.ts';
import { questions } from './questions.ts';
import { quickstartCommand } from './quickstart.ts';
import { reward } from './reward.ts';
import { runCommand } from './run.ts';
import { loraCommand, sft } from './sft.ts';
import { tokenizerTrain } from './tokenizer-train.ts';

const others: readonly Command[] = [devices, doctor, data, questions, tokenizerTrain, pretrain, sft, loraCommand, dpo, reward, ppo, grpo, distill, quantizeCommand, pruneCommand, generateCommand, chat, evaluate, exportCommand, inspect, init, compare, card];
const verbs: readonly Command[] = [quickstartCommand(others), ...others];

/** Every verb, in the order of the help. */
export const commands: readonly Command[] = [...verbs, check(verbs), runCommand(verbs), planCommand(verbs)];
