import { bytesOf, wordsOf } from '../python/text.ts';
import type { TaskConfig } from '../tasks/task-config.ts';
import { textField } from './shared.ts';

const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*';
/** What stands between two marks, without whitespace at either end. */
const between = (open: string, close: string): readonly [RegExp, string] => [
  new RegExp(`\\${open}${SPACE}([^\\${close}]*?)${SPACE}\\${close}`, 'g'), `${open}$1${close}`,
];

// In this order: a rule sees what those before it made.
const RULES: readonly (readonly [string | RegExp, string])[] = [
  ["s '", "s'"], [/\/' [0-9]\//g, "/'[0-9]/"],
  [' @-@ ', '-'], [' @,@ ', ','], [' @.@ ', '.'],
  ...[':', ';', '.', '!', '?', ','].map((mark) => [` ${mark} `, `${mark} `] as const),
  between('(', ')'), between('[', ']'), between('{', '}'), between('"', '"'), between("'", "'"),
  ['= = = =', '===='], ['= = =', '==='], ['= =', '=='], [' ° ', '°'], [' \n', '\n'], ['\n ', '\n'], [' N ', ' 1 '], [" 's", "'s"],
];

/** A page of WikiText as it was before it was cut into tokens. */
export function wikitextDetokenizer(page: string): string {
  return RULES.reduce((text, [from, to]) => (typeof from === 'string' ? text.replaceAll(from, to) : text.replace(from, to)), page);
}

/**
 * WikiText-2 by pages: perplexity per word and per byte, and bits per byte. Words and bytes are those of the original page, though its
 * detokenized text is scored. Documents have page. Merity et al. 2016, https://arxiv.org/abs/1609.07843
 */
export const wikitext: TaskConfig = {
  task: 'wikitext', datasetPath: 'EleutherAI/wikitext_document_level', datasetName: 'wikitext-2-raw-v1', outputType: 'loglikelihood_rolling', trainingSplit: 'train', validationSplit: 'validation', testSplit: 'test',
  docToText: '', docToTarget: (doc) => wikitextDetokenizer(textField(doc, 'page', 'wikitext')),
  processResults(doc, [logprob]) {
    const page = textField(doc, 'page', 'wikitext');
    const bytes = [logprob, bytesOf(page)];
    return { word_perplexity: [logprob, wordsOf(page)], byte_perplexity: bytes, bits_per_byte: bytes };
  },
  metricList: [{ metric: 'word_perplexity' }, { metric: 'byte_perplexity' }, { metric: 'bits_per_byte' }], metadata: { version: 2 },
};
