import { sizeAt } from '../aligned/aligned-text.ts';
import { scriptName } from '../pre-tokenizers/scripts.ts';
import type { Tokenizer } from '../tokenizer.ts';

/** What a tokenizer makes of texts. A ratio of which there is nothing to count is NaN. */
export interface TokenizerFigures {
  /** Texts; of a script, those in which it occurs. */
  readonly documents: number;
  /** Of UTF-8. */
  readonly bytes: number;
  /** Runs of characters between blanks. */
  readonly words: number;
  readonly tokens: number;
  /** Tokens that stand for what is unknown. */
  readonly unknown: number;
  readonly bytesPerToken: number;
  /** Says little where a script sets no blanks. */
  readonly tokensPerWord: number;
  /** unknown / tokens. */
  readonly unknownRate: number;
  /** The share of the bytes that are no blanks, and that some known token stands for. */
  readonly coveredShare: number;
}

/** How well a tokenizer fits texts of several kinds. */
export interface TokenizerReport {
  readonly total: TokenizerFigures;
  readonly domains: Readonly<Record<string, TokenizerFigures>>;
  /** By Unicode's name of the script; characters of no script, such as blanks and digits, count to the one before them, or as Common. */
  readonly scripts: Readonly<Record<string, TokenizerFigures>>;
}

/**
 * Measures a tokenizer on texts of several domains: bytes per token (higher is more compact), tokens per word (fertility), how much is unknown
 * and how much of the text is covered, for each domain, for each script, and for all.
 *
 *   bytesPerToken = bytes / tokens,  tokensPerWord = tokens / words,  unknownRate = unknown / tokens
 *
 * Reads each text once and keeps none. Compare two tokenizers by calling it for both.
 *
 * @example
 * ```ts
 * import { tokenizerReport, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['the cat the cat'], { vocabSize: 261 });
 * const { domains, scripts } = await tokenizerReport(tokenizer, { english: ['the cat'], chinese: ['你好'] });
 * if (domains.chinese!.bytesPerToken !== 1 || domains.english!.bytesPerToken < 2) throw new Error('it knows English only');
 * if (scripts.Han!.tokens !== 6 || domains.english!.coveredShare !== 1) throw new Error('unexpected');
 * ```
 *
 * Rust et al. 2021, How Good is Your Tokenizer?, https://arxiv.org/abs/2012.15613
 */
export async function tokenizerReport(
  tokenizer: Tokenizer, domains: Readonly<Record<string, Iterable<string> | AsyncIterable<string>>>,
): Promise<TokenizerReport> {
  const total = tally();
  const byScript = new Map<string, Tally>();
  const byDomain = new Map<string, Tally>();
  const unknown = unknownId(tokenizer);
  for (const [name, documents] of Object.entries(domains)) {
    const domain = tally();
    byDomain.set(name, domain);
    for await (const document of documents) count(document, { tokenizer, unknown, both: [total, domain], byScript });
  }
  const figures = (all: ReadonlyMap<string, Tally>): Record<string, TokenizerFigures> => Object.fromEntries(Array.from(all, ([name, each]) => [name, figuresOf(each)]));
  return { total: figuresOf(total), domains: figures(byDomain), scripts: figures(byScript) };
}

interface Tally { documents: number; bytes: number; words: number; tokens: number; unknown: number; solid: number; covered: number }

function tally(): Tally {
  return { documents: 0, bytes: 0, words: 0, tokens: 0, unknown: 0, solid: 0, covered: 0 };
}

function figuresOf({ solid, covered, ...counts }: Tally): TokenizerFigures {
  const { bytes, words, tokens, unknown } = counts;
  return { ...counts, bytesPerToken: bytes / tokens, tokensPerWord: tokens / words, unknownRate: unknown / tokens, coveredShare: covered / solid };
}

function unknownId(tokenizer: Tokenizer): number | undefined {
  const { model } = tokenizer.toJSON();
  if (model.type === 'Unigram') return model.unk_id ?? undefined;
  return model.unk_token === null ? undefined : tokenizer.tokenToId(model.unk_token);
}

const BLANK = /\s/u;

function count(text: string, { tokenizer, unknown, both, byScript }: {
  tokenizer: Tokenizer; unknown: number | undefined; both: readonly Tally[]; byScript: Map<string, Tally>;
}): void {
  const { ids, offsets } = tokenizer.encodeWithOffsets(text, { trimOffsets: false });
  const covered = new Uint8Array(text.length);
  // What is unknown last: a mark put in front of a word, such as ▁, stands for the character behind it too.
  for (const known of [true, false]) {
    ids.forEach((id, i) => {
      if ((id !== unknown) === known) covered.fill(known ? 1 : 0, offsets[2 * i], offsets[2 * i + 1]);
    });
  }
  const scripts: string[] = [];
  const seen = new Set<string>();
  const add = (script: string, change: (counts: Tally) => void): void => {
    let own = byScript.get(script);
    if (own === undefined) byScript.set(script, own = tally());
    if (!seen.has(script)) own.documents++;
    seen.add(script);
    for (const counts of [...both, own]) change(counts);
  };
  for (const counts of both) counts.documents++;
  let last = 'Common';
  let inWord = false;
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at)!;
    const size = sizeAt(text, at);
    const name = scriptName(code) ?? 'Common';
    if (name !== 'Common' && name !== 'Inherited') last = name;
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    const isBlank = BLANK.test(text.slice(at, at + size));
    const begins = !isBlank && !inWord;
    inWord = !isBlank;
    const isCovered = covered[at] === 1;
    add(last, (counts) => {
      counts.bytes += bytes;
      if (begins) counts.words++;
      if (isBlank) return;
      counts.solid += bytes;
      if (isCovered) counts.covered += bytes;
    });
    for (const end = at + size; at < end; at++) scripts[at] = last;
  }
  ids.forEach((id, i) => {
    // A blank in front of a word is written in no script of its own.
    let at = offsets[2 * i]!;
    while (at + 1 < offsets[2 * i + 1]! && BLANK.test(text[at]!)) at++;
    add(scripts[at] ?? last, (counts) => {
      counts.tokens++;
      if (id === unknown) counts.unknown++;
    });
  });
}
