import type { ChatFormat } from '../types.ts';

/** Granite 3: the role between two tokens, and each turn ended as a text is. */
export const granite: ChatFormat = {
  specialTokens: ['<|start_of_role|>', '<|end_of_role|>', '<|end_of_text|>'],
  eosToken: '<|end_of_text|>',
  source: String.raw`{%- for message in messages %}
  {{- '<|start_of_role|>' + message.role + '<|end_of_role|>' }}
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
  {{- '<|start_of_role|>assistant<|end_of_role|>' }}
{%- endif %}`,
};
