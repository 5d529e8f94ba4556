import { stringField, wrong } from './fields.ts';
import type { Format } from './format.ts';

/**
 * `{instruction, input, output}`, as Alpaca wrote it: the input may be missing or empty, and stands below the instruction. A
 * conversation of two turns, of which the answer is learned; `templates.alpaca` of @llm/tokenizer renders it with Alpaca's headings.
 *
 * Taori et al. 2023, https://github.com/tatsu-lab/stanford_alpaca
 */
export const alpaca: Format = {
  name: 'alpaca',
  type: 'prompt-completion',
  shape: '{"instruction", "input", "output"}',
  matches: (record) => 'instruction' in record && 'output' in record,
  read(record, index) {
    const instruction = stringField(record, 'instruction', index);
    const { input, system } = record;
    if (input !== undefined && input !== null && typeof input !== 'string') wrong('input', 'a string, or nothing', input, index);
    if (system !== undefined && system !== null && typeof system !== 'string') wrong('system', 'a string, or nothing', system, index);
    if (instruction.trim() === '') wrong('instruction', 'a text that asks something', instruction, index);
    const content = typeof input === 'string' && input !== '' ? `${instruction}\n\n${input}` : instruction;
    return {
      format: 'alpaca', index,
      prompt: [...(typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : []), { role: 'user', content }],
      completion: [{ role: 'assistant', content: stringField(record, 'output', index) }],
    };
  },
};
