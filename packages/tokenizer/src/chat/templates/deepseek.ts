import type { ChatFormat } from '../types.ts';

/** DeepSeek V2, V3 and R1: a token for each role and nothing between. */
export const deepseek: ChatFormat = {
  specialTokens: ['<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>', '<｜User｜>', '<｜Assistant｜>'],
  bosToken: '<｜begin▁of▁sentence｜>',
  eosToken: '<｜end▁of▁sentence｜>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- message.content }}
  {%- elif message.role == 'user' %}
    {{- '<｜User｜>' + message.content }}
  {%- elif message.role == 'assistant' %}
    {{- '<｜Assistant｜>' }}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<｜Assistant｜>' }}
{%- endif %}`,
};
