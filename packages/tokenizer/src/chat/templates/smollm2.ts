import type { ChatFormat } from '../types.ts';

/** SmolLM2: ChatML with a system turn always, an ordinary one where the conversation has none. */
export const smollm2: ChatFormat = {
  specialTokens: ['<|im_start|>', '<|im_end|>'],
  eosToken: '<|im_end|>',
  source: String.raw`{%- for message in messages %}
  {%- if loop.first and message.role != 'system' %}
    {{- '<|im_start|>system\nYou answer helpfully.<|im_end|>\n' }}
  {%- endif %}
  {{- '<|im_start|>' + message.role + '\n' }}
  {%- if message.role == 'assistant' %}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- message.content + '<|im_end|>' }}
  {%- endif %}
  {{- '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\n' }}
{%- endif %}`,
};
