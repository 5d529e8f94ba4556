import type { ChatFormat } from '../types.ts';

/** Mistral Small and Large of the seventh tokenizer version: the system text has brackets of its own. */
export const mistralV7: ChatFormat = {
  specialTokens: ['<s>', '</s>', '[SYSTEM_PROMPT]', '[/SYSTEM_PROMPT]', '[INST]', '[/INST]'],
  bosToken: '<s>',
  eosToken: '</s>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- '[SYSTEM_PROMPT]' + message.content + '[/SYSTEM_PROMPT]' }}
  {%- elif message.role == 'user' %}
    {{- '[INST]' + message.content + '[/INST]' }}
  {%- elif message.role == 'assistant' %}
    {%- generation %}
      {{- message.content + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}`,
};
