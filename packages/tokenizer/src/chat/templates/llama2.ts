import type { ChatFormat } from '../types.ts';

/** Llama 2: turns of a user and an assistant in [INST] brackets, the system text inside the first. */
export const llama2: ChatFormat = {
  specialTokens: ['<s>', '</s>'],
  bosToken: '<s>',
  eosToken: '</s>',
  source: String.raw`{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- bos_token + '[INST] <<SYS>>\n' + message.content | trim + '\n<</SYS>>\n\n' }}
  {%- elif message.role == 'user' %}
    {%- if loop.first or loop.previtem.role != 'system' %}
      {{- bos_token + '[INST] ' }}
    {%- endif %}
    {{- message.content | trim + ' [/INST]' }}
  {%- elif message.role == 'assistant' %}
    {%- generation %}
      {{- ' ' + message.content | trim + ' ' + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('Llama 2 has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}`,
};
