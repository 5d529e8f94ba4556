import type { ChatFormat } from '../types.ts';

/** Llama 3: a header for each turn. Functions are described in a system turn, called in JSON, and answer in turns of the role ipython. */
export const llama3: ChatFormat = {
  specialTokens: ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
  bosToken: '<|begin_of_text|>',
  eosToken: '<|eot_id|>',
  source: String.raw`{%- macro header(role) %}
  {{- '<|start_header_id|>' + role + '<|end_header_id|>\n\n' }}
{%- endmacro %}
{{- bos_token }}
{%- if tools %}
  {{- header('system') + 'These functions can be called by writing {"name": …, "parameters": …}:\n' }}
  {%- for tool in tools %}
    {{- '\n' + tool | tojson(indent=4) + '\n' }}
  {%- endfor %}
  {{- eos_token }}
{%- endif %}
{%- for message in messages %}
  {%- if message.role == 'assistant' %}
    {{- header('assistant') }}
    {%- generation %}
      {%- if message.tool_calls %}
        {%- for call in message.tool_calls %}
          {{- {'name': call.function.name, 'parameters': call.function.arguments} | tojson }}
        {%- endfor %}
      {%- else %}
        {{- message.content | trim }}
      {%- endif %}
      {{- eos_token }}
    {%- endgeneration %}
  {%- else %}
    {{- header('ipython' if message.role == 'tool' else message.role) + message.content | trim + eos_token }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- header('assistant') }}
{%- endif %}`,
};
