import { dpoStep } from './align-dpo.mjs';
import { grpoSampling, grpoUpdate } from './align-grpo.mjs';
import { loraStep } from './align-lora.mjs';
import { packing } from './align-packing.mjs';

/** What turns a base model into an assistant, by the name under which `npm run bench` measures it. */
export const align = { lora: loraStep, dpo: dpoStep, sampling: grpoSampling, update: grpoUpdate, packing };
