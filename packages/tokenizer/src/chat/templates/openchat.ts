import type { ChatFormat } from '../types.ts';

/** OpenChat 3.5: names in plain text, and a token that ends each turn. */
export const openchat: ChatFormat = {
  specialTokens: ['<s>', '<|end_of_turn|>'],
  bosToken: '<s>',
  eosToken: '<|end_of_turn|>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- message.content + eos_token }}
  {%- elif message.role == 'user' %}
    {{- 'GPT4 Correct User: ' + message.content + eos_token }}
  {%- elif message.role == 'assistant' %}
    {{- 'GPT4 Correct Assistant:' }}
    {%- generation %}
      {{- ' ' + message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- 'GPT4 Correct Assistant:' }}
{%- endif %}`,
};
