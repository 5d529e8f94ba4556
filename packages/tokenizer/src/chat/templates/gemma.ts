import type { ChatFormat } from '../types.ts';

/** Gemma: turns of user and model, the system text at the head of the first user turn. */
export const gemma: ChatFormat = {
  specialTokens: ['<bos>', '<start_of_turn>', '<end_of_turn>'],
  bosToken: '<bos>',
  eosToken: '<end_of_turn>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- '<start_of_turn>user\n' + message.content | trim + '\n\n' }}
  {%- elif message.role == 'assistant' %}
    {{- '<start_of_turn>model\n' }}
    {%- generation %}
      {{- message.content | trim + eos_token }}
    {%- endgeneration %}
    {{- '\n' }}
  {%- else %}
    {%- if loop.first or loop.previtem.role != 'system' %}
      {{- '<start_of_turn>' + message.role + '\n' }}
    {%- endif %}
    {{- message.content | trim + '<end_of_turn>\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<start_of_turn>model\n' }}
{%- endif %}`,
};
