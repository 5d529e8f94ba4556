import type { ChatFormat } from '../types.ts';

/** StarChat: a tag for each role, and a system turn always, an empty one where the conversation has none. */
export const starchat: ChatFormat = {
  specialTokens: ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>'],
  eosToken: '<|end|>',
  source: String.raw`{%- if messages and messages[0].role != 'system' %}
  {{- '<|system|>\n<|end|>\n' }}
{%- endif %}
{%- for message in messages %}
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
