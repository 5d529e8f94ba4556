import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { adapterOf, dropoutLoss, lora, modulesOf, quantizeBase, trainable } from '@llm/lora';
import { saveAdapter } from '@llm/lora/node';
import type { Model, ModelConfig } from '@llm/model';
import { savePretrained } from '@llm/model/node';
import { disposeTree, flatten, type Tensor, type Tree } from '@llm/tensor';
import { type ChatTemplate, chatTemplate, type Tokenizer, templates } from '@llm/tokenizer';
import type { LossContext } from '@llm/train';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import { bytes } from '../cli/format.ts';
import { shownPath } from '../cli/shown-path.ts';
import type { StageOptions } from '../commands/stage-args.ts';
import { hashWeights } from '../run/hash-weights.ts';
import { replaceText } from '../run/replace-text.ts';
import { type OpenModel, openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import type { StageContext } from './stage.ts';
import { storedAs } from './stored.ts';

/** A model as a stage trains it. */
export interface StageModel {
  readonly model: Model<ModelConfig>;
  /** The tree that is trained: with an adapter where there is one. */
  readonly params: Tree;
  /** The tree without the adapter: what the model was; undefined where all weights are trained. */
  readonly reference: Tree | undefined;
  readonly trainable: (path: string) => boolean;
  readonly tokenizer: Tokenizer;
  readonly tokenizerJson: string;
  readonly template: ChatTemplate;
  /** Put before plain text; undefined where the tokenizer does that itself or the model has none. */
  readonly bosId: number | undefined;
  readonly eosId: number;
  readonly sha256: string;
  /** A loss with the adapter's dropout on, where it has any. */
  readonly withDropout: <B>(loss: (params: Tree, batch: B, context: LossContext) => Tensor) => (params: Tree, batch: B, context: LossContext) => Tensor;
  /** Writes a Hugging Face folder, or a PEFT folder for an adapter; returns what to tell of it. */
  readonly save: () => Promise<string>;
  readonly dispose: () => void;
}

/** Opens the model of a stage, with an adapter over it where the flags ask for one. */
export async function stageModel(options: StageOptions, { io, folder, device, say }: StageContext): Promise<StageModel> {
  if (options.model === undefined) throw new UsageError('llm: expected --model with the folder of a model but found none. Name a run or a Hugging Face folder.');
  const place = findFolder(options.model, io.cwd);
  if (resolve(place) === resolve(folder)) throw new CliError('E_OUTPUT', `llm: expected the run outside of the folder of its model but found both in ${options.model}. Choose another --name.`);
  const opened = await openModel(place, device.name);
  const { model, params: weights, tokenizer, tokenizerJson } = opened;
  const eosId = model.config.eosIds?.[0] ?? tokenizer.specialTokens.values().next().value;
  if (eosId === undefined) throw new CliError('E_TOKENIZER', `llm: expected a token that ends a text in ${options.model} but found none. Name one as eos_token_id in config.json.`);
  const { template, source } = templateFor(options, { opened, eosId, cwd: io.cwd });
  const sha256 = createHash('sha256').update(readFileSync(join(place, existsSync(join(place, 'config.json')) ? 'config.json' : 'adapter_config.json'))).update(tokenizerJson).update(source);
  await hashWeights(sha256, weights);
  const { params, reference } = await adapted(weights, options, { modelType: model.config.modelType, say });
  const isTrained = reference === undefined ? () => true : trainable(params);
  return {
    model, params, reference, trainable: isTrained, tokenizer, tokenizerJson, template, eosId, sha256: sha256.digest('hex'),
    bosId: opened.template !== undefined || tokenizer.encode('a', { addSpecialTokens: true }).length > tokenizer.encode('a').length ? undefined : opened.bosId,
    withDropout: (loss) => (reference === undefined ? loss : dropoutLoss(loss)),
    async save() {
      await mkdir(folder, { recursive: true });
      const chat = { chat_template: source };
      if (reference === undefined) {
        await savePretrained(folder, { model, params, tokenizer: { json: tokenizerJson, config: chat } });
        return `Saved ${shownPath(folder, io.cwd)} (a Hugging Face folder).`;
      }
      await saveAdapter(folder, { adapter: adapterOf(params), baseModel: shownPath(place, io.cwd), modules: modulesOf(weights).map(({ name }) => name) });
      await replaceText(join(folder, 'tokenizer.json'), tokenizerJson);
      await replaceText(join(folder, 'chat_template.jinja'), source);
      await rm(join(folder, 'config.json'), { force: true });
      return `Saved ${shownPath(folder, io.cwd)} (a PEFT adapter over ${shownPath(place, io.cwd)}).`;
    },
    dispose() {
      disposeTree(params);
      disposeTree(weights);
    },
  };
}

/** The tree to train: the weights themselves, or an adapter over them as they are or in few bits. */
async function adapted(weights: Tree, options: StageOptions, { modelType, say }: { modelType: string; say: (text: string) => void }): Promise<{ params: Tree; reference: Tree | undefined }> {
  const { lora: rank, base, 'lora-alpha': alpha, 'lora-targets': targets, 'lora-dropout': dropout, 'lora-variant': variant, seed } = options;
  if (rank === undefined) {
    if (base !== 'f32') throw new UsageError(`llm: expected --lora with --base ${base} but found none. Weights in few bits are frozen: train an adapter over them.`);
    return { params: weights, reference: undefined };
  }
  const format = storedAs(base);
  const frozen = format === undefined ? weights : await quantizeBase(weights, { format });
  if (format !== undefined) {
    const size = (tree: Tree): number => Object.values(flatten(tree)).reduce((sum, tensor) => sum + 4 * tensor.size, 0);
    say(`The weights under the adapter take ${bytes(size(frozen))} as ${base}, ${bytes(size(weights))} as float32.`);
    const kept = new Set(Object.values(flatten(frozen)));
    for (const tensor of Object.values(flatten(weights))) if (!kept.has(tensor)) tensor.dispose();
  }
  const params = lora(frozen, {
    rank, alpha: alpha ?? 2 * rank, dropout, seed, rsLora: variant === 'rslora', dora: variant === 'dora',
    ...(targets === undefined ? { modelType } : { targets: targets.length === 1 && targets[0] === 'all-linear' ? 'all-linear' : targets }),
  });
  return { params, reference: frozen };
}

/** How conversations are written: as asked for, as the model was taught, or as headings in plain text, which need no tokens of their own. */
function templateFor({ template: asked }: StageOptions, { opened: { template, tokenizer }, eosId, cwd }: { opened: OpenModel; eosId: number; cwd: string }): { template: ChatTemplate; source: string } {
  if (asked === undefined && template !== undefined) return { template, source: template.source };
  const eosToken = [...tokenizer.specialTokens].find(([, id]) => id === eosId)?.[0] ?? '';
  const named = (templates as Readonly<Record<string, (typeof templates)['alpaca'] | undefined>>)[asked ?? 'alpaca'];
  if (named === undefined) {
    if (!/[./\\]/.test(asked!)) throw new UsageError(`llm: expected --template to be a file or one of ${Object.keys(templates).join(', ')} but found ${asked}.${didYouMean(asked!, Object.keys(templates))}`);
    const path = resolve(cwd, asked!);
    if (!existsSync(path)) throw new UsageError(`llm: expected a chat template at ${path} but found nothing.`);
    const source = readFileSync(path, 'utf8');
    return { source, template: chatTemplate(source, { eosToken }) };
  }
  const missing = asked === undefined || asked === 'alpaca' ? [] : named.specialTokens.filter((token) => !tokenizer.specialTokens.has(token));
  if (missing.length > 0) throw new UsageError(`llm: expected a tokenizer with ${missing.join(', ')}, which --template ${asked} writes, but found none of that kind. Use alpaca, which writes plain text, or a model that knows them.`);
  return { source: named.source, template: chatTemplate(named, { eosToken: missing.length === 0 && tokenizer.specialTokens.has(named.eosToken) ? named.eosToken : eosToken }) };
}
