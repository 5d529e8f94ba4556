import type { ChatFormat } from '../types.ts';

/** Falcon 3: tags of roles on lines of their own; only answers are ended by a token. */
export const falcon3: ChatFormat = {
  specialTokens: ['<|endoftext|>'],
  eosToken: '<|endoftext|>',
  source: String.raw`{%- for message in messages %}
  {{- '<|' + message.role + '|>\n' }}
  {%- if message.role == 'assistant' %}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- message.content + '' }}
  {%- endif %}
  {{- '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|assistant|>\n' }}
{%- endif %}`,
};
