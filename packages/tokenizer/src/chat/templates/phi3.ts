import type { ChatFormat } from '../types.ts';

/** Phi-3: a tag for each role, and a token that ends each turn. */
export const phi3: ChatFormat = {
  specialTokens: ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>'],
  eosToken: '<|end|>',
  source: String.raw`{%- for message in messages %}
  {{- '<|' + message.role + '|>\n' }}
  {%- if message.role == 'assistant' %}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- message.content + '<|end|>' }}
  {%- endif %}
  {{- '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|assistant|>\n' }}
{%- endif %}`,
};
