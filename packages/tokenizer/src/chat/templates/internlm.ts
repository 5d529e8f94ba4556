import type { ChatFormat } from '../types.ts';

/** InternLM: tags of User and Bot, with a token that ends what each says. */
export const internlm: ChatFormat = {
  specialTokens: ['<s>', '<eoh>', '<eoa>'],
  bosToken: '<s>',
  eosToken: '<eoa>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- '<|System|>:' + message.content + '\n' }}
  {%- elif message.role == 'user' %}
    {{- '<|User|>:' + message.content + '<eoh>\n' }}
  {%- elif message.role == 'assistant' %}
    {{- '<|Bot|>:' }}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
    {{- '\n' }}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|Bot|>:' }}
{%- endif %}`,
};
