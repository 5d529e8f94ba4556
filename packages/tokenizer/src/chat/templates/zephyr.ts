import type { ChatFormat } from '../types.ts';

/** Zephyr: tags of ordinary text, and each turn ended as a text is. */
export const zephyr: ChatFormat = {
  specialTokens: ['</s>'],
  eosToken: '</s>',
  source: String.raw`{%- for message in messages %}
  {{- '<|' + message.role + '|>\n' }}
  {%- if message.role == 'assistant' %}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- message.content + eos_token }}
  {%- endif %}
  {{- '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|assistant|>\n' }}
{%- endif %}`,
};
