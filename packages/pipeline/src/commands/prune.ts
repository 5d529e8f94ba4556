import { basename, resolve } from 'node:path';
import type { Model, ModelConfig } from '@llm/model';
import { savePretrained } from '@llm/model/node';
import { magnitude, prune, pruneCalibrated, type Pruner, pruneStructure, qualityReport, sparseGpt, type Sparsity, structureImportance, wanda } from '@llm/quantize';
import { countParameters, type Tree } from '@llm/tensor';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { duration, short } from '../cli/format.ts';
import { shownPath } from '../cli/shown-path.ts';
import { finish } from '../compress/finish.ts';
import { progressLine } from '../compress/progress-line.ts';
import { qualityFigures, qualityText } from '../compress/quality-text.ts';
import { heldOut, textRows } from '../compress/text-rows.ts';
import { ownWords } from '../export/own-words.ts';
import { openModel } from '../train/open-model.ts';
import { invocation } from '../train/drive-run.ts';
import { findFolder } from '../train/open-run.ts';
import { deviceArg, deviceField, runArg, runField } from './shared-args.ts';

const PRUNERS: Readonly<Record<string, (sparsity: Sparsity) => Pruner>> = { magnitude, wanda, sparsegpt: sparseGpt };
const NAMES = [...Object.keys(PRUNERS), 'structure'];
const LONGEST = 512;

/** Leaves weights, or whole parts, of a model out. */
export const pruneCommand: Command = command({
  name: 'prune',
  description: 'Leave weights of a model out (magnitude, wanda, sparsegpt), or whole heads, layers and places of its MLPs (structure), and measure what that costs',
  args: {
    run: runArg('Folder of a model or a run, or the name of a run in runs/'),
    method: { type: 'string', valueHint: NAMES.join('|'), description: 'How; default: structure where --heads, --mlp-width or --layers is given, else wanda where there is --data, else magnitude' },
    sparsity: { type: 'string', valueHint: '0…1', description: 'Share of the weights that become 0', default: '0.5' },
    pattern: { type: 'string', valueHint: '2:4|4:8', description: 'So many zeros among every so many inputs, instead of a share' },
    heads: { type: 'string', valueHint: 'heads', description: 'Heads that stay in each layer' },
    'mlp-width': { type: 'string', valueHint: 'width', description: 'Width of each MLP that stays' },
    layers: { type: 'string', valueHint: 'layers', description: 'Layers that stay' },
    data: { type: 'string', valueHint: 'path…', description: 'Files and folders of text like that which the model will see; some of it is held out to measure' },
    tokens: { type: 'string', valueHint: 'tokens', description: 'How much of --data is used at most', default: '65536' },
    'decode-tokens': { type: 'string', valueHint: 'tokens', description: 'Tokens that are written to measure the speed; 0 for none', default: '32' },
    out: { type: 'string', valueHint: 'folder', description: 'What to write; default: named after the model, here' },
    device: deviceArg,
  },
  lists: ['data'],
  schema: z.object({
    run: runField, method: z.enum(NAMES as [string, ...string[]], { error: `one of ${NAMES.join(', ')}` }).optional(), sparsity: number('a number from 0 to below 1', { min: 0, max: 0.999 }),
    pattern: z.string().regex(/^\d+:\d+$/, { error: 'zeros and places, such as 2:4' }).optional(), heads: integer(1).optional(), 'mlp-width': integer(1).optional(), layers: integer(1).optional(),
    data: paths.optional(), tokens: integer(16), 'decode-tokens': integer(0), out: text('a folder').optional(), device: deviceField, json: z.boolean().default(false),
  }),
  async run({ run, method: asked, sparsity, pattern, heads, 'mlp-width': mlpWidth, layers, data, tokens, 'decode-tokens': decodeTokens, out: typed, device, json }, io) {
    const parts = { ...(heads === undefined ? {} : { heads }), ...(mlpWidth === undefined ? {} : { mlpWidth }), ...(layers === undefined ? {} : { layers }) };
    const structured = Object.keys(parts).length > 0;
    const name = asked ?? (structured ? 'structure' : data === undefined ? 'magnitude' : 'wanda');
    if ((name === 'structure') !== structured) throw new UsageError(`llm prune: expected ${structured ? `--method structure with --${Object.keys(parts)[0]}` : '--heads, --mlp-width or --layers with --method structure'} but found ${structured ? name : 'none'}. See llm prune --help.`);
    if (name !== 'magnitude' && data === undefined) throw new UsageError(`llm prune: expected --data for ${name} but found none. Give some text like that which the model will see, or use --method magnitude.`);
    const path = findFolder(run, io.cwd);
    const opened = await openModel(path, device);
    if (opened.note !== undefined && !json) io.err(`${opened.note}\n`);
    const rows = data === undefined ? undefined : await textRows(opened, { name: 'prune', paths: data, tokens, longest: LONGEST, io });
    const { calibration, evaluation } = rows === undefined ? { calibration: [], evaluation: await ownWords(opened, { rows: 8, tokens: 64 }) } : heldOut(rows);

    const started = performance.now();
    const line = progressLine(io, json);
    const which: Sparsity = pattern === undefined ? { sparsity } : { pattern: pattern.split(':').map(Number) as [number, number] };
    const { model, params } = opened;
    let made: { model: Model<ModelConfig>; params: Tree } = opened;
    if (name === 'structure') made = pruneStructure(model, params, { ...parts, importance: await structureImportance(model, params, { batches: calibration }) });
    else {
      const pruner = PRUNERS[name]!(which);
      made = { model, params: pruner.needs.length === 0 ? await prune(params, { pruner }) : await pruneCalibrated(model, params, { pruner, batches: calibration, onProgress: line.show }) };
    }
    line.end();
    const seconds = (performance.now() - started) / 1000;
    const report = await qualityReport(opened, made, { batches: evaluation, decodeTokens });
    const out = resolve(io.cwd, typed ?? `${basename(path)}-${name === 'structure' ? 'small' : `${name}-${pattern?.replace(':', 'of') ?? sparsity}`}`);
    if (out === path) throw new CliError('E_USAGE', `llm prune: expected --out to be another folder than the model itself but found ${out}.`);
    const { tokenizerJson: tokenizer, template } = opened;
    const { fileNames } = await savePretrained(out, { ...made, tokenizer: { json: tokenizer, ...(template === undefined ? {} : { config: { chat_template: template.source } }) } });
    const settings = { method: name, ...(name === 'structure' ? parts : pattern === undefined ? { sparsity } : { pattern }), calibrationTokens: calibration.reduce((sum, { ids }) => sum + ids.length, 0) };
    await finish('prune', { out, made, batches: evaluation, report, settings, title: `${basename(path)}, pruned`, subtitle: `${name}; measured on ${data === undefined ? 'what the model says by itself' : 'held-out text'}` });
    const parameters = countParameters(made.params);
    if (json) {
      io.out(`${JSON.stringify({ type: 'result', out, ...settings, seconds, parameters, files: [...fileNames, 'quality.json', 'report.html'], ...qualityFigures(report) })}\n`);
      return 0;
    }
    const shown = shownPath(out, io.cwd);
    io.out(`${qualityText(report)}\n${shown}: ${short(parameters)} parameters of ${short(countParameters(params))}${name === 'structure' ? '' : ', zeros among them'}, pruned in ${duration(seconds)}, opened again and the same\nReport: ${shown}/report.html\n\n`
      + `Next:\n  ${invocation(io, `chat ${shown}`)}\n`);
    return 0;
  },
});
