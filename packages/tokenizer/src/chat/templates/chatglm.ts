import type { ChatFormat } from '../types.ts';

/** ChatGLM 3 and GLM-4: a token for each role, each turn ended by the token of the next. The assistant is taught the token of the user who follows, which ends its answer. */
export const chatglm: ChatFormat = {
  specialTokens: ['[gMASK]', '<sop>', '<|system|>', '<|user|>', '<|assistant|>', '<|observation|>'],
  bosToken: '[gMASK]',
  eosToken: '<|user|>',
  source: String.raw`{{- '[gMASK]<sop>' }}
{%- for message in messages %}
  {%- set role = 'observation' if message.role == 'tool' else message.role %}
  {%- if role == 'assistant' %}
    {{- '<|assistant|>' }}
    {%- generation %}
      {{- '\n' + message.content }}
    {%- endgeneration %}
  {%- elif role == 'user' and not loop.first and loop.previtem.role == 'assistant' %}
    {%- generation %}
      {{- '<|user|>' }}
    {%- endgeneration %}
    {{- '\n' + message.content }}
  {%- else %}
    {{- '<|' + role + '|>\n' + message.content }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|assistant|>' }}
{%- endif %}`,
};
