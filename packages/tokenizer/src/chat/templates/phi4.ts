import type { ChatFormat } from '../types.ts';

/** Phi-4: ChatML with a token between the role and what it says, and no line breaks. */
export const phi4: ChatFormat = {
  specialTokens: ['<|im_start|>', '<|im_sep|>', '<|im_end|>'],
  eosToken: '<|im_end|>',
  source: String.raw`{%- for message in messages %}
  {{- '<|im_start|>' + message.role + '<|im_sep|>' }}
  {%- if message.role == 'assistant' %}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- message.content + '<|im_end|>' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant<|im_sep|>' }}
{%- endif %}`,
};
