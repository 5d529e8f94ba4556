import type { ChatFormat } from '../types.ts';

/** Qwen 3: as Qwen 2.5, with the reasoning of each answer (reasoning_content) between <think>. Reasoning stays in earlier turns too, so that a longer conversation begins as a shorter one does; enable_thinking: false makes the generation prompt close it. */
export const qwen3: ChatFormat = {
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
      {%- if message.reasoning_content is string %}
        {{- '<think>\n' + message.reasoning_content.strip('\n') + '\n</think>\n\n' }}
      {%- endif %}
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
  {%- if enable_thinking is defined and enable_thinking is false %}
    {{- '<think>\n\n</think>\n\n' }}
  {%- endif %}
{%- endif %}`,
};
