import type { ChatFormat } from '../types.ts';

/** OLMo 2: tags of roles on lines of their own; a token begins the conversation and ends each answer. */
export const olmo: ChatFormat = {
  specialTokens: ['<|endoftext|>'],
  bosToken: '<|endoftext|>',
  eosToken: '<|endoftext|>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if not loop.first and loop.previtem.role == 'assistant' %}
    {{- '\n' }}
  {%- endif %}
  {{- '<|' + message.role + '|>\n' }}
  {%- if message.role == 'assistant' %}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- message.content + '\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|assistant|>\n' }}
{%- endif %}`,
};
