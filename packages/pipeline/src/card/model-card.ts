import { redactSecrets } from '@llm/safety';
import { stringify } from 'yaml';
import { bytes, count, digits, short } from '../cli/format.ts';
import { escapeMarkdown, markdownCode, markdownTable } from '../report/markdown.ts';
import { verdictText, type Verdict } from '../lifecycle/gate.ts';
import type { Ancestor } from './ancestry.ts';

/** Marks a file that may be replaced. */
export const CARD_MARK = '<!-- written by llm card -->';

export interface CardInput {
  readonly name: string;
  /** The stages that made it, the model's own last. */
  readonly ancestry: readonly Ancestor[];
  /** config.json, where the model has one. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  /** SHA-256 of each file of the model. */
  readonly files: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly license: string | undefined;
  readonly language: readonly string[] | undefined;
  /** Of the life that it comes from, where it comes from one. */
  readonly life: { readonly command: string; readonly recipe: unknown; readonly verdicts: readonly { readonly place: string; readonly verdict: Verdict }[] } | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Figures that model hubs know by these names; the others are only in the text. */
const HUB_METRICS: Readonly<Record<string, string>> = { perplexity: 'perplexity', bits_per_byte: 'bits_per_byte', loss: 'loss', 'val/loss': 'loss', 'val/token_accuracy': 'accuracy', 'val/exact_match': 'exact_match', 'val/win_rate': 'win_rate' };

/**
 * A model card as README.md: front matter that model hubs read, then data, recipe, evaluation, limits, hashes and the command that makes
 * the model again. Whatever comes from data, files or people is escaped, and what looks like a secret is taken out.
 */
export function modelCard(input: CardInput): string {
  const { name, ancestry, life } = input;
  const own = ancestry.at(-1)!;
  const sections = [
    `# ${escapeMarkdown(name)}`,
    `A language model, made in ${ancestry.length === 1 ? 'one stage' : `${ancestry.length} stages`}: ${ancestry.map(({ run }) => escapeMarkdown(run)).join(' → ')}. ${sizeText(input)}`,
    '## How to use it', usage(own),
    '## Data', dataText(ancestry),
    '## How it was made', markdownTable(['stage', 'command', 'made from'], ancestry.map(({ name: each, run, inputs }) => [each, run, Object.entries(inputs).map(([key, sha256]) => `${key} ${sha256.slice(0, 12)}`).join(', ')])),
    ...(life === undefined ? [] : ['### Recipe', markdownCode(stringify(life.recipe), 'yaml')]),
    '### Settings', ...ancestry.map(({ name: each, settings }) => `<details><summary>${escapeMarkdown(each)}</summary>\n\n${markdownTable(['setting', 'value'], Object.entries(settings))}\n\n</details>`),
    '## Evaluation', evaluation(ancestry), ...(life === undefined || life.verdicts.length === 0 ? [] : [gates(life.verdicts)]),
    '## Limits', limits(input).map((line) => `- ${line}`).join('\n'),
    '## Hashes', markdownTable(['file', 'sha256'], Object.entries(input.files)),
    '## Make it again', markdownCode(life?.command ?? ancestry.map(({ command }) => command).join('\n'), 'sh'),
    `The same data, seeds, versions and device give the same bits. ${environmentText(own)}`,
  ];
  return redactSecrets(`---\n${frontMatter(input)}---\n\n${CARD_MARK}\n\n${sections.join('\n\n')}\n`, { env: input.env });
}

function frontMatter({ name, ancestry, license, language, config }: CardInput): string {
  const { figures, run } = ancestry.at(-1)!;
  const metrics = Object.entries(HUB_METRICS).flatMap(([key, type]) => (typeof figures[key] === 'number' ? [{ type, value: Number(figures[key].toPrecision(6)), name: key }] : []));
  return stringify({
    ...(license === undefined ? {} : { license }), ...(language === undefined ? {} : { language }), library_name: run === 'lora' ? 'peft' : 'transformers', pipeline_tag: 'text-generation',
    tags: [...new Set(['llm', ...ancestry.map((each) => each.run.replaceAll(' ', '-')), ...(typeof config?.model_type === 'string' ? [config.model_type] : [])])],
    ...(metrics.length === 0 ? {} : { 'model-index': [{ name, results: [{ task: { type: 'text-generation' }, dataset: { name: 'held-out share of its data', type: 'held-out' }, metrics }] }] }),
  });
}

function sizeText({ ancestry, config, bytes: size }: CardInput): string {
  const parameters = ancestry.map(({ figures }) => figures.parameters).findLast((each) => typeof each === 'number');
  const context = config?.max_position_embeddings ?? config?.n_positions;
  return [
    ...(parameters === undefined || parameters === null ? [] : [`${short(parameters)} parameters`]), ...(size === 0 ? [] : [`${bytes(size)} of weights`]), ...(typeof config?.model_type === 'string' ? [`architecture ${escapeMarkdown(config.model_type)}`] : []),
    ...(typeof context === 'number' ? [`a context of ${count(context)} tokens`] : []),
  ].join(', ');
}

function usage({ run, name }: Ancestor): string {
  if (run === 'lora') return markdownCode(`llm chat ${name}`, 'sh');
  return markdownCode(`from transformers import AutoModelForCausalLM, AutoTokenizer\ntokenizer = AutoTokenizer.from_pretrained(${JSON.stringify(name)})\nmodel = AutoModelForCausalLM.from_pretrained(${JSON.stringify(name)})`, 'python');
}

function dataText(ancestry: readonly Ancestor[]): string {
  const text = ancestry.flatMap(({ name, data }) => (data === undefined ? [] : [`${escapeMarkdown(name)}: ${escapeMarkdown(data.paths === null ? 'the documentation of installed packages' : data.paths.join(', '))}. ${count(data.ledger.in.documents)} documents of ${bytes(data.ledger.in.bytes)} went in, ${count(data.ledger.out.documents)} of ${bytes(data.ledger.out.bytes)} came out of the filters "${escapeMarkdown(data.filters.name)}"; ${count(data.facts.validationDocuments)} were held out. SHA-256 ${data.facts.sha256}.\n\n${markdownTable(['dropped because', 'documents', 'characters'], data.ledger.dropped.map(({ reason, documents, characters }) => [reason, count(documents), count(characters)]))}`]));
  const records = ancestry.flatMap(({ name, settings, inputs }) => (settings.data === undefined || inputs.data === undefined ? [] : [[name, settings.data, inputs.data]]));
  return [...text, ...(records.length === 0 ? [] : [markdownTable(['stage', 'records', 'sha256'], records)])].join('\n\n') || 'Nothing is known of it.';
}

function evaluation(ancestry: readonly Ancestor[]): string {
  const rows = ancestry.flatMap(({ name, figures, before }) => Object.entries(figures).map(([key, value]) => [name, key, shown(before[key]), shown(value)]));
  return rows.length === 0 ? 'Nothing was measured.' : `Measured on held-out shares of the data of each stage.\n\n${markdownTable(['stage', 'figure', 'before', 'after'], rows)}`;
}

const shown = (value: number | null | undefined): string => (value === undefined ? '' : value === null ? 'no number' : digits(value));

function gates(verdicts: readonly { readonly place: string; readonly verdict: Verdict }[]): string {
  return markdownTable(['gate of', '', 'what was asked for'], verdicts.map(({ place, verdict }) => [place, verdict.passed ? 'passed' : 'failed', verdictText(verdict)]));
}

/** What nobody should expect of it, as far as its records tell. */
function limits({ ancestry, config, life }: CardInput): string[] {
  const figures = Object.assign({}, ...ancestry.map((each) => each.figures)) as Readonly<Record<string, number | null>>;
  const context = config?.max_position_embeddings ?? config?.n_positions;
  const parameters = figures.parameters;
  const taught = ancestry.some(({ run }) => ['sft', 'lora', 'dpo', 'grpo', 'ppo'].includes(run));
  const failed = life?.verdicts.filter(({ verdict }) => !verdict.passed) ?? [];
  return [
    ...(typeof parameters === 'number' && parameters < 1e9 ? [`With ${short(parameters)} parameters it knows few facts and states wrong ones with confidence. Check what it says.`] : ['It can state wrong facts with confidence. Check what it says.']),
    ...(typeof context === 'number' ? [`It sees at most ${count(context)} tokens at once.`] : []),
    ...(taught ? [] : ['It was not taught to answer: it continues text.']),
    ...(typeof figures.safety_score === 'number' ? [] : ['Its safety was not evaluated: put a monitor before and behind it where others use it.']),
    'Figures are of held-out parts of the data that it was made from; on other text it does worse.',
    'What its data are biased towards, it is biased towards.',
    ...failed.map(({ place, verdict }) => `It did not pass the gate of ${escapeMarkdown(place)}: ${escapeMarkdown(verdictText(verdict))}.`),
  ];
}

function environmentText({ environment, device }: Ancestor): string {
  const facts = ['llm', 'node', 'platform', 'cpu'].filter((key) => key in environment).map((key) => `${key} ${String(environment[key])}`);
  return facts.length === 0 ? '' : `It was made with ${escapeMarkdown([...facts, ...(device === undefined ? [] : [device])].join(', '))}.`;
}
