import { alpaca } from './templates/alpaca.ts';
import { baichuan } from './templates/baichuan.ts';
import { chatglm } from './templates/chatglm.ts';
import { chatml } from './templates/chatml.ts';
import { commandR } from './templates/command-r.ts';
import { deepseek } from './templates/deepseek.ts';
import { falcon3 } from './templates/falcon3.ts';
import { gemma } from './templates/gemma.ts';
import { granite } from './templates/granite.ts';
import { hermes } from './templates/hermes.ts';
import { internlm } from './templates/internlm.ts';
import { llama2 } from './templates/llama2.ts';
import { llama3 } from './templates/llama3.ts';
import { mistral } from './templates/mistral.ts';
import { mistralV7 } from './templates/mistral-v7.ts';
import { olmo } from './templates/olmo.ts';
import { openchat } from './templates/openchat.ts';
import { phi3 } from './templates/phi3.ts';
import { phi4 } from './templates/phi4.ts';
import { qwen2 } from './templates/qwen2.ts';
import { qwen3 } from './templates/qwen3.ts';
import { smollm2 } from './templates/smollm2.ts';
import { starchat } from './templates/starchat.ts';
import { vicuna } from './templates/vicuna.ts';
import { yi } from './templates/yi.ts';
import { zephyr } from './templates/zephyr.ts';
import type { ChatFormat } from './types.ts';

/**
 * Chat formats of well-known families, written for this package: rendered text is what a model of the family expects, the assistant's
 * words are marked with `{% generation %}`, and a conversation renders to the beginning of what any longer one renders to, so that a
 * turn looks the same in training wherever it stands. Train a base model with one of them, or go on with a model that knows it.
 *
 * @example
 * ```ts
 * import { chatTemplate, templates } from '@llm/tokenizer';
 * const text = chatTemplate(templates.chatml).render([{ role: 'user', content: 'Hello!' }], { addGenerationPrompt: true });
 * if (text !== '<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n') throw new Error('unexpected');
 * ```
 */
export const templates: Readonly<Record<TemplateName, ChatFormat>> = {
  alpaca, baichuan, chatglm, chatml, commandR, deepseek, falcon3, gemma, granite, hermes, internlm, llama2, llama3, mistral, mistralV7,
  olmo, openchat, phi3, phi4, qwen2, qwen3, smollm2, starchat, vicuna, yi, zephyr,
};

/** The names of {@link templates}. */
export type TemplateName =
  | 'alpaca' | 'baichuan' | 'chatglm' | 'chatml' | 'commandR' | 'deepseek' | 'falcon3' | 'gemma' | 'granite' | 'hermes' | 'internlm'
  | 'llama2' | 'llama3' | 'mistral' | 'mistralV7' | 'olmo' | 'openchat' | 'phi3' | 'phi4' | 'qwen2' | 'qwen3' | 'smollm2' | 'starchat'
  | 'vicuna' | 'yi' | 'zephyr';
