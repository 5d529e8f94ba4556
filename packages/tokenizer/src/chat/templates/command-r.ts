import type { ChatFormat } from '../types.ts';

/** Command R: a token that begins a turn, one for the role and one that ends it. */
export const commandR: ChatFormat = {
  specialTokens: ['<BOS_TOKEN>', '<|START_OF_TURN_TOKEN|>', '<|END_OF_TURN_TOKEN|>', '<|SYSTEM_TOKEN|>', '<|USER_TOKEN|>', '<|CHATBOT_TOKEN|>'],
  bosToken: '<BOS_TOKEN>',
  eosToken: '<|END_OF_TURN_TOKEN|>',
  source: String.raw`{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- '<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>' + message.content | trim + eos_token }}
  {%- elif message.role == 'user' %}
    {{- '<|START_OF_TURN_TOKEN|><|USER_TOKEN|>' + message.content | trim + eos_token }}
  {%- elif message.role == 'assistant' %}
    {{- '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}
    {%- generation %}
      {{- message.content | trim + eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- raise_exception('this format has no role ' + message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}
{%- endif %}`,
};
