import type { ChatFormat } from '../types.ts';

/** Qwen 2.5: ChatML with functions: described between <tools>, called between <tool_call>, answering in user turns between <tool_response>. Answers of several functions are turns of their own, so that a longer conversation begins as a shorter one does. */
export const qwen2: ChatFormat = {
  specialTokens: ['<|im_start|>', '<|im_end|>'],
  eosToken: '<|im_end|>',
  source: String.raw`{%- if tools %}
  {{- '<|im_start|>system\n' }}
  {%- if messages and messages[0].role == 'system' %}
    {{- messages[0].content + '\n\n' }}
  {%- endif %}
  {{- 'Functions that may be called, one JSON schema a line:\n<tools>' }}
  {%- for tool in tools %}
    {{- '\n' + tool | tojson }}
  {%- endfor %}
  {{- '\n</tools>\nA call is a JSON object with name and arguments between <tool_call> and </tool_call>.<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
  {%- if message.role == 'assistant' %}
    {{- '<|im_start|>assistant\n' }}
    {%- generation %}
      {{- message.content or '' }}
      {%- for call in message.tool_calls or [] %}
        {{- '\n' if message.content or not loop.first }}
        {{- '<tool_call>\n' + {'name': call.function.name, 'arguments': call.function.arguments} | tojson + '\n</tool_call>' }}
      {%- endfor %}
      {{- eos_token }}
    {%- endgeneration %}
    {{- '\n' }}
  {%- elif message.role == 'tool' %}
    {{- '<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n' }}
  {%- elif not (tools and loop.first and message.role == 'system') %}
    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\n' }}
{%- endif %}`,
};
