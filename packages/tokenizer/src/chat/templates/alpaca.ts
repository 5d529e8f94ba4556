import type { ChatFormat } from '../types.ts';

/** Alpaca: headings in plain text. */
export const alpaca: ChatFormat = {
  specialTokens: ['</s>'],
  eosToken: '</s>',
  source: String.raw`{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- message.content + '\n\n' }}
  {%- elif message.role == 'user' %}
    {{- '### Instruction:\n' + message.content + '\n\n' }}
  {%- elif message.role == 'assistant' %}
    {{- '### Response:\n' }}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
    {{- '\n\n' }}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '### Response:\n' }}
{%- endif %}`,
};
