import { bitsPerByte } from '@llm/pretrain';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import { command, type Command, integer, paths } from '../cli/command.ts';
import { bytes, count, digits, table } from '../cli/format.ts';
import { compressions } from '../corpus/compression.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { growingStore } from '../corpus/token-store.ts';
import { openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import { tokenBytes } from '../train/token-bytes.ts';
import { packStore, validationBatches } from '../train/training-batches.ts';
import { deviceArg, deviceField, filterFields, runArg, runField } from './shared-args.ts';

/** Bits per byte and perplexity on a text. */
export const evaluate: Command = command({
  name: 'eval',
  description: 'Measure how well a model predicts a text: bits per byte, perplexity, and general compressors beside it',
  args: {
    run: runArg('Folder of a model or a run, or the name of a run in runs/'),
    data: { type: 'string', valueHint: 'path…', description: 'Files and folders of text that the model has not seen', required: true },
    length: { type: 'string', valueHint: 'tokens', description: 'Tokens that the model sees at once; default: as in its training, otherwise 512' },
    batch: { type: 'string', valueHint: 'rows', description: 'Rows at a time', default: '8' },
    device: deviceArg,
    filters: { type: 'string', valueHint: Object.keys(FILTER_SETS).join('|'), description: 'What to leave out', default: 'none' },
  },
  lists: ['data'],
  schema: z.object({ run: runField, data: paths, length: integer(2).optional(), batch: integer(1, 4096), device: deviceField, ...filterFields }),
  async run({ run, data, length: asked, batch, device, filters, json }, io) {
    const { model, params, tokenizer, bosId, length: usual, note } = await openModel(findFolder(run, io.cwd), device);
    if (note !== undefined && !json) io.err(`${note}\n`);
    const length = Math.min(asked ?? usual, model.shape.maxPositions);
    const endId = model.config.eosIds?.[0] ?? bosId;
    if (endId === undefined) throw new CliError('E_TOKENIZER', `llm eval: expected a model with a token that ends a text but found none in its config.json. Add eos_token_id.`);
    const store = growingStore();
    const texts: string[] = [];
    for await (const { text } of readCorpus({ paths: data, filters: FILTER_SETS[filters]!, cwd: io.cwd, signal: io.stop }).documents) {
      store.add(tokenizer.encode(text));
      texts.push(text);
    }
    const rows = packStore(store.finish(), { length, bosId: bosId ?? endId, endId });
    const found = await bitsPerByte(model, params, { batches: validationBatches(rows, { batch }), tokenBytes: tokenBytes(tokenizer) });
    const others = compressions(texts.join(''));
    if (json) {
      io.out(`${JSON.stringify({ ...found, documents: texts.length, length, compressions: others })}\n`);
      return 0;
    }
    io.out(`${table(['', 'bits per byte', 'size'], [
      ['model', found.bitsPerByte.toFixed(3), bytes(Math.round((found.bitsPerByte * found.bytes) / 8))],
      ...others.map((each) => [each.name, each.bitsPerByte.toFixed(3), bytes(each.bytes)]),
    ])}\n\nloss ${found.loss.toFixed(4)} nats per token, perplexity ${digits(found.perplexity)}, ${count(found.targets)} tokens, ${bytes(found.bytes)} of text in ${count(texts.length)} documents, rows of ${length} tokens\n`);
    return 0;
  },
});
