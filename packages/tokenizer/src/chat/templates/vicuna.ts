import type { ChatFormat } from '../types.ts';

/** Vicuna: USER and ASSISTANT in plain text on one line. */
export const vicuna: ChatFormat = {
  specialTokens: ['<s>', '</s>'],
  bosToken: '<s>',
  eosToken: '</s>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- message.content + ' ' }}
  {%- elif message.role == 'user' %}
    {{- 'USER: ' + message.content + ' ' }}
  {%- elif message.role == 'assistant' %}
    {{- 'ASSISTANT:' }}
    {%- generation %}
      {{- ' ' + message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- 'ASSISTANT:' }}
{%- endif %}`,
};
