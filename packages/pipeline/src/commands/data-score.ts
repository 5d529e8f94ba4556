import { SFT_DIMENSIONS } from '@llm/data-quality';
import { z } from 'zod';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { scoreData } from '../data-score/score-data.ts';
import { FAULTS, LEAST } from '../data-score/sft-report.ts';
import { deviceArg, deviceField } from './shared-args.ts';

const schema = z.object({
  paths, out: text('a file').optional(), keep: number('a number above 0', { min: Number.MIN_VALUE }).optional(), least: (z.array(text('dimension=score')) as unknown as z.ZodType<string[]>).optional(),
  model: text('the folder of a run or of a model').optional(), embeddings: text('the folder of a run or of a model').optional(), length: integer(8), batch: integer(1, 4096), device: deviceField,
  'judge-url': text('an address').optional(), 'judge-model': text('a name').optional(), 'judge-key-env': text('the name of a variable').optional(),
  'judge-price-in': number('a number from 0 on', { min: 0 }), 'judge-price-out': number('a number from 0 on', { min: 0 }), 'skip-bad': integer(0), json: z.boolean().default(false),
});

/** Scores records of supervised fine-tuning, and chooses the best of them. */
export const dataScore: Command = command({
  name: 'data score',
  description: 'Score conversations for fine-tuning in six dimensions with evidence, by rules, a model (--model: difficulty) and a judge (--judge-url: marks), and choose a subset (--keep)',
  args: {
    paths: { type: 'positional', description: 'Files of records and folders of them, .jsonl or .json: messages, conversations (ShareGPT), instruction and output (Alpaca), prompt and completion', required: true },
    out: { type: 'string', valueHint: 'scored.jsonl', description: 'Write the scores of each record; beside it scored.kept.jsonl (with --keep), and scored.cache.jsonl, by which a run that was stopped goes on and nothing is asked twice' },
    keep: { type: 'string', valueHint: 'records|share', description: 'Choose so many records (below 1: that part) without faults: equal parts easy, medium and hard with --model, varied by --embeddings or by kind of task' },
    least: { type: 'string', valueHint: 'dimension=score…', description: `Scores below count as low; of ${FAULTS.join(', ')} they keep a record from being chosen. Default: ${SFT_DIMENSIONS.map((name) => `${name}=${LEAST[name]}`).join(' ')}` },
    model: { type: 'string', valueHint: 'run', description: 'A model whose losses give the difficulty (IFD: loss of the answer after its instruction / alone) and the perplexity of answers' },
    embeddings: { type: 'string', valueHint: 'run', description: 'A model whose mean states are the embeddings for --keep; what says the same as another is left out. May be that of --model' },
    length: { type: 'string', valueHint: 'tokens', description: 'Tokens of a record that models read at most; at most their context', default: '1024' },
    batch: { type: 'string', valueHint: 'rows', description: 'Records that a model reads at a time', default: '8' },
    'judge-url': { type: 'string', valueHint: 'http://…/v1', description: 'An OpenAI-compatible endpoint that gives marks from 1 to 5 for accuracy, grammar, informativeness and coherence' },
    'judge-model': { type: 'string', valueHint: 'name', description: 'The model there' },
    'judge-key-env': { type: 'string', valueHint: 'VARIABLE', description: 'The environment variable that holds the key' },
    'judge-price-in': { type: 'string', valueHint: 'money', description: 'Of a million tokens that are read, in any currency', default: '0' },
    'judge-price-out': { type: 'string', valueHint: 'money', description: 'Of a million tokens that are written', default: '0' },
    'skip-bad': { type: 'string', valueHint: 'records', description: 'Bad records to pass over in each file', default: '0' },
    device: deviceArg,
  },
  lists: ['least'],
  variadic: 'paths',
  stopsItself: true,
  schema,
  run: scoreData,
});
