import { textOf } from '../python/text.ts';
import type { Loglikelihood } from '../requests/request.ts';
import type { Doc } from '../tasks/doc.ts';
import type { TaskRequest } from '../tasks/create-task.ts';
import type { Scores } from '../tasks/score-document.ts';
import type { SampleResult } from './results.ts';
import { snakeKeys } from './snake-case.ts';

/** SHA-256 of a text, in hexadecimal digits. */
export async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a request asked, as a list. */
function argumentsOf({ type, request }: TaskRequest): readonly unknown[] {
  if (type === 'loglikelihood_rolling') return [request];
  return type === 'loglikelihood' ? [request.context, request.continuation] : [request.context, snakeKeys(request.kwargs)];
}

const isPair = (value: unknown): value is Loglikelihood => typeof value === 'object' && value !== null && 'logprob' in value;
const plain = (value: unknown): unknown => (isPair(value) ? [value.logprob, value.greedy] : value);

/** What one document was asked, answered and scored. */
export async function sampleOf({ docId, doc, target, requests, responses, filtered, filter, scores }: {
  docId: number; doc: Doc; target: unknown; requests: readonly TaskRequest[]; responses: readonly (readonly unknown[])[]; filtered: readonly unknown[]; filter: string; scores: Scores;
}): Promise<SampleResult> {
  const asked = requests.map(argumentsOf);
  return {
    doc_id: docId, doc, target, arguments: asked, resps: responses.map((each) => each.map(plain)), filtered_resps: filtered.map(plain),
    filter, metrics: Object.keys(scores),
    doc_hash: await sha256(JSON.stringify(doc, null, 2)), prompt_hash: await sha256(String(asked[0]?.[0] ?? '')), target_hash: await sha256(textOf(target)),
    ...scores,
  };
}

/** One line of a samples_*.jsonl file: answers as texts, as lm-evaluation-harness writes them so that all lines have one schema. */
export function sampleLine(sample: SampleResult): string {
  return JSON.stringify({
    ...sample,
    target: textOf(sample.target),
    arguments: Object.fromEntries(sample.arguments.map((each, i) => [`gen_args_${i}`, Object.fromEntries(each.map((value, j) => [`arg_${j}`, value]))])),
    resps: inTexts(sample.resps),
    filtered_resps: inTexts(sample.filtered_resps),
  });
}

function inTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inTexts);
  return typeof value === 'number' ? floatText(value) : textOf(value);
}

/** A log-likelihood as Python prints it. */
function floatText(value: number): string {
  if (Number.isInteger(value)) return `${value}.0`;
  return String(value).replace(/e([-+])(\d)$/, 'e$10$2');
}
