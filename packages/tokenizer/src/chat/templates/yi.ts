import type { ChatFormat } from '../types.ts';

/** Yi: ChatML after a token that begins the text. */
export const yi: ChatFormat = {
  specialTokens: ['<|startoftext|>', '<|im_start|>', '<|im_end|>'],
  bosToken: '<|startoftext|>',
  eosToken: '<|im_end|>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
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
