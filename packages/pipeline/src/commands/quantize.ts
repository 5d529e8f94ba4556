import { basename, resolve } from 'node:path';
import { qualityReport } from '@llm/quantize';
import { saveQuantized } from '@llm/quantize/node';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, paths, text } from '../cli/command.ts';
import { count, duration } from '../cli/format.ts';
import { shownPath } from '../cli/shown-path.ts';
import { finish } from '../compress/finish.ts';
import { FILES, formatFor, METHODS } from '../compress/methods.ts';
import { progressLine } from '../compress/progress-line.ts';
import { qualityFigures, qualityText } from '../compress/quality-text.ts';
import { heldOut, textRows } from '../compress/text-rows.ts';
import { ownWords } from '../export/own-words.ts';
import { openModel } from '../train/open-model.ts';
import { invocation } from '../train/drive-run.ts';
import { findFolder } from '../train/open-run.ts';
import { deviceArg, deviceField, runArg, runField } from './shared-args.ts';

const NAMES = Object.keys(METHODS);
const FORMATS = ['auto', ...Object.keys(FILES)];
/** Rows of calibration are no longer than this. */
const LONGEST = 512;

/** Puts the weights of a model into few bits. */
export const quantizeCommand: Command = command({
  name: 'quantize',
  description: `Put the weights of a model into few bits, and measure what that costs: ${NAMES.map((name) => `${name}, ${METHODS[name]!.says}`).join('; ')}`,
  args: {
    run: runArg('Folder of a model or a run, or the name of a run in runs/'),
    method: { type: 'string', valueHint: NAMES.join('|'), description: 'How; default: gptq where there is --data, else hqq' },
    bits: { type: 'string', valueHint: '2…8', description: 'Bits of a weight; nf4 has four', default: '4' },
    group: { type: 'string', valueHint: 'inputs', description: 'Weights that share a scale, -1 for whole rows; default: 128, of hqq and nf4 64' },
    symmetric: { type: 'boolean', description: 'Ranges around 0; default for rtn and gptq. --no-symmetric gives each group a zero of its own, as awq has it' },
    format: { type: 'string', valueHint: FORMATS.join('|'), description: 'Whose layout the file has; auto: that of the method where it can hold the model', default: 'auto' },
    data: { type: 'string', valueHint: 'path…', description: 'Files and folders of text like that which the model will see, for gptq and awq; some of it is held out to measure' },
    tokens: { type: 'string', valueHint: 'tokens', description: 'How much of --data is used at most', default: '65536' },
    'eval-data': { type: 'string', valueHint: 'path…', description: 'Text to measure on; default: some of --data, or what the model says by itself' },
    'decode-tokens': { type: 'string', valueHint: 'tokens', description: 'Tokens that are written to measure the speed; 0 for none', default: '32' },
    sensitivity: { type: 'boolean', description: 'Find which block hurts most, with one more pass for each', default: true },
    out: { type: 'string', valueHint: 'folder', description: 'What to write; default: named after the model, here' },
    device: deviceArg,
  },
  lists: ['data', 'eval-data'],
  schema: z.object({
    run: runField, method: z.enum(NAMES as [string, ...string[]], { error: `one of ${NAMES.join(', ')}` }).optional(), bits: integer(2, 8), group: integer(-1).optional(), symmetric: z.boolean().optional(),
    format: z.enum(FORMATS as [string, ...string[]], { error: `one of ${FORMATS.join(', ')}` }), data: paths.optional(), tokens: integer(16), 'eval-data': paths.optional(), 'decode-tokens': integer(0),
    sensitivity: z.boolean().default(true), out: text('a folder').optional(), device: deviceField, json: z.boolean().default(false),
  }),
  async run({ run, method: asked, bits, group, symmetric, format: formatName, data, tokens, 'eval-data': evalData, 'decode-tokens': decodeTokens, sensitivity, out: typed, device, json }, io) {
    const name = asked ?? (data === undefined ? 'hqq' : 'gptq');
    const method = METHODS[name]!;
    if (method.needsData && data === undefined) throw new UsageError(`llm quantize: expected --data for ${name} but found none. Give some text like that which the model will see, or use --method hqq.`);
    if (name === 'nf4' && bits !== 4) throw new UsageError(`llm quantize: expected --bits 4 for nf4 but found ${bits}. Use hqq or gptq.`);
    if (symmetric !== undefined && (name === 'hqq' || name === 'nf4')) throw new UsageError(`llm quantize: expected no --symmetric for ${name} but found one. It is of use for rtn, gptq and awq.`);
    const path = findFolder(run, io.cwd);
    const opened = await openModel(path, device);
    if (opened.note !== undefined && !json) io.err(`${opened.note}\n`);
    const rows = data === undefined ? undefined : await textRows(opened, { name: 'quantize', paths: data, tokens, longest: LONGEST, io });
    const split = rows === undefined ? { calibration: [], evaluation: await ownWords(opened, { rows: 8, tokens: 64 }) } : heldOut(rows);
    const evaluation = evalData === undefined ? split.evaluation : await textRows(opened, { name: 'quantize', paths: evalData, tokens, longest: LONGEST, io });
    const calibration = evalData === undefined || rows === undefined ? split.calibration : rows;

    const started = performance.now();
    const line = progressLine(io, json);
    const groupSize = group ?? method.groupSize;
    const { params, skipped } = await method.run(opened, { bits, groupSize, symmetric, calibration, onProgress: line.show });
    const seconds = (performance.now() - started) / 1000;
    line.end();
    const format = formatName === 'auto' ? await formatFor(method.format, params) : FILES[formatName]!;
    const made = { model: opened.model, params };
    const report = await qualityReport(opened, made, { batches: evaluation, decodeTokens, sensitivity });
    const label = name === 'nf4' ? 'nf4' : `${name}-${bits}bit`;
    const out = resolve(io.cwd, typed ?? `${basename(path)}-${label}`);
    if (out === path) throw new CliError('E_USAGE', `llm quantize: expected --out to be another folder than the model itself but found ${out}.`);
    const { tokenizerJson: tokenizer, template } = opened;
    const { fileNames } = await saveQuantized(out, { ...made, format, tokenizer: { json: tokenizer, ...(template === undefined ? {} : { config: { chat_template: template.source } }) } });
    const settings = { method: name, bits, groupSize, ...(symmetric === undefined ? {} : { symmetric }), format: format.method, calibrationTokens: calibration.reduce((sum, { ids }) => sum + ids.length, 0), skipped };
    await finish('quantize', {
      out, made, batches: evaluation, report, settings, title: `${basename(path)}, ${label}`,
      subtitle: `Weights by ${name} in groups of ${groupSize === -1 ? 'whole rows' : groupSize}, stored as ${format.method}; measured on ${data === undefined && evalData === undefined ? 'what the model says by itself' : 'held-out text'}`,
    });
    if (json) {
      io.out(`${JSON.stringify({ type: 'result', out, ...settings, seconds, files: [...fileNames, 'quality.json', 'report.html'], ...qualityFigures(report) })}\n`);
      return 0;
    }
    const shown = shownPath(out, io.cwd);
    io.out(`${qualityText(report)}${skipped.length === 0 ? '' : `${count(skipped.length)} matrices stayed as they are, ${skipped[0]!.path} because ${skipped[0]!.reason}\n`}\n`
      + `${shown}: ${label} as ${format.method}, quantized in ${duration(seconds)}, opened again and the same\nReport: ${shown}/report.html\n\nNext:\n  ${invocation(io, `chat ${shown}`)}\n`);
    return 0;
  },
});
