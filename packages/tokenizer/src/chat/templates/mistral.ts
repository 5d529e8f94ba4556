import type { ChatFormat } from '../types.ts';

/** Mistral 7B Instruct: user turns in [INST] brackets, the system text before the first. */
export const mistral: ChatFormat = {
  specialTokens: ['<s>', '</s>', '[INST]', '[/INST]'],
  bosToken: '<s>',
  eosToken: '</s>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- '[INST] ' + message.content + '\n\n' }}
  {%- elif message.role == 'user' %}
    {%- if loop.first or loop.previtem.role != 'system' %}
      {{- '[INST] ' }}
    {%- endif %}
    {{- message.content + '[/INST]' }}
  {%- elif message.role == 'assistant' %}
    {%- generation %}
      {{- ' ' + message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}`,
};
