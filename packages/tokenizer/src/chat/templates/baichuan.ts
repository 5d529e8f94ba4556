import type { ChatFormat } from '../types.ts';

/** Baichuan 2: a reserved token for each of user and assistant. */
export const baichuan: ChatFormat = {
  specialTokens: ['<s>', '</s>', '<reserved_106>', '<reserved_107>'],
  eosToken: '</s>',
  source: String.raw`{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- message.content }}
  {%- elif message.role == 'user' %}
    {{- '<reserved_106>' + message.content }}
  {%- elif message.role == 'assistant' %}
    {{- '<reserved_107>' }}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<reserved_107>' }}
{%- endif %}`,
};
