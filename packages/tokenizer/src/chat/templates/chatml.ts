import type { ChatFormat } from '../types.ts';

/** ChatML, the format of many open models and a good one to begin with. Any role is written as it is named. */
export const chatml: ChatFormat = {
  specialTokens: ['<|im_start|>', '<|im_end|>'],
  eosToken: '<|im_end|>',
  source: String.raw`{%- for message in messages %}
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
