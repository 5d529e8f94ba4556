import { MAX_ADDED_CHARACTERS, MAX_ADDED_TOKEN_LENGTH } from './added-tokens.ts';
import { KNOWN_SPLITS } from './aligned/read-pattern.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { readDecoder } from './decoders/read-decoder.ts';
import { generalTokenizer } from './general-tokenizer.ts';
import { gpt2Split } from './gpt2-split.ts';
import { arrayAt, booleanAt, field, integerAt, objectAt, stringAt, unsupported, wrong } from './json-fields.ts';
import { coversBytes, MAX_TOKENS, type ReadModel, readModel, tokenModel, tooLarge, vocabOf } from './models/read-model.ts';
import { readNormalizer } from './normalizers/read-normalizer.ts';
import { readPreTokenizer } from './pre-tokenizers/read-pre-tokenizer.ts';
import { readPadding, readTruncation } from './batch/read-lengths.ts';
import { readPostProcessor } from './read-post-processor.ts';
import type { Split } from './split.ts';
import { shown, TokenizerError } from './tokenizer-error.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { AddedTokenJson, ModelJson, NormalizerJson, PostProcessorJson, PreTokenizerJson, TokenizerJson } from './tokenizer-json.ts';

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'version',
  'truncation',
  'padding',
  'added_tokens',
  'normalizer',
  'pre_tokenizer',
  'post_processor',
  'decoder',
  'model',
]);

/**
 * Reads the object of any Hugging Face tokenizer.json: BPE, Unigram, WordPiece or WordLevel, with every normalizer, pre-tokenizer,
 * post-processor and decoder. Byte-level BPE (GPT-2, GPT-4, Llama 3, Qwen and kin) runs on bytes, by a scanner.
 *
 * What would give other ids than Hugging Face's is refused with a {@link TokenizerError} that says what was found and what
 * is supported; a file of any size and content is accepted or refused in bounded time.
 *
 * @example
 * ```ts
 * import { tokenizerFromJson, tokenizerToText, trainBpe } from '@llm/tokenizer';
 * const trained = await trainBpe(['the cat, the dog'], { vocabSize: 260 });
 * const read = tokenizerFromJson(JSON.parse(tokenizerToText(trained)));
 * if (read.decode(read.encode('the end')) !== 'the end') throw new Error('unexpected');
 * ```
 */
export function tokenizerFromJson(json: unknown): Tokenizer {
  const file = objectAt(json, 'the file');
  for (const name of Object.keys(file)) {
    if (!KNOWN_FIELDS.has(name)) throw unsupported('the fields of the file', name, [...KNOWN_FIELDS].join(', '));
  }
  const version = field(file, 'version') ?? '1.0';
  if (version !== '1.0') throw unsupported('version', version, '"1.0"');
  const truncation = readTruncation(field(file, 'truncation'));
  const padding = readPadding(field(file, 'padding'));
  const model = readModel(field(file, 'model'));
  const normalizer = readNormalizer(field(file, 'normalizer'));
  const preTokenizer = readPreTokenizer(field(file, 'pre_tokenizer'));
  const decoder = readDecoder(field(file, 'decoder'));
  const added = readAddedTokens(field(file, 'added_tokens') ?? [], model.tokens);
  const size = added.reduce((most, token) => Math.max(most, token.id + 1), model.tokens.length);
  const postProcessor = readPostProcessor(field(file, 'post_processor'), size);
  const head = {
    version: '1.0' as const, truncation, padding, added_tokens: added, normalizer: normalizer.json, pre_tokenizer: preTokenizer.json, post_processor: postProcessor, decoder: decoder.json,
  };
  if ('merges' in model && decoder.json?.type === 'ByteLevel' && onlyNfc(normalizer.json) && onlyBytes(postProcessor) && isPlainBpe(model)) {
    const cut = byteLevelSplit(preTokenizer.json);
    if (cut !== undefined) return createTokenizer({ json: { ...head, model: model.options }, tokens: model.tokens, merges: model.merges, split: cut.split });
  }
  const cut = tokenModel(model, new Set(added.filter(({ special }) => special).map(({ id }) => id)));
  return generalTokenizer({ added, normalizer, preTokenizer, postProcessor, decoder, model, cut, json: (): TokenizerJson => ({ ...structuredClone(head), model: modelJson(model) }) });
}

function onlyNfc(normalizer: NormalizerJson | null): boolean {
  return normalizer === null || normalizer.type === 'NFC' || (normalizer.type === 'Sequence' && normalizer.normalizers.every(({ type }) => type === 'NFC'));
}

function onlyBytes(processor: PostProcessorJson | null): boolean {
  const steps = processor?.type === 'Sequence' ? processor.processors : processor === null ? [] : [processor];
  return steps.every(({ type }) => type === 'ByteLevel' || type === 'TemplateProcessing');
}

/** Bytes as tokens that merge, and nothing else: then nothing is unknown. */
function isPlainBpe({ options, tokens }: Extract<ReadModel, { merges: unknown }>): boolean {
  return !options.continuing_subword_prefix && !options.end_of_word_suffix && coversBytes(tokens);
}

/** The scanner for ByteLevel, or for a Split by a well-known pattern and ByteLevel; undefined for anything else. */
function byteLevelSplit(json: PreTokenizerJson | null): { split: Split | undefined } | undefined {
  if (json?.type === 'ByteLevel') return { split: json.use_regex ? gpt2Split : undefined };
  if (json?.type !== 'Sequence' || json.pretokenizers.length !== 2) return undefined;
  const [cut, bytes] = json.pretokenizers;
  if (cut?.type !== 'Split' || bytes?.type !== 'ByteLevel' || bytes.use_regex || bytes.add_prefix_space || !('Regex' in cut.pattern)) return undefined;
  // The patterns match every character, so keeping the matches and removing what lies between are the same.
  if (cut.behavior !== 'Isolated' && !(cut.behavior === 'Removed' && cut.invert)) return undefined;
  const { Regex: regex } = cut.pattern;
  const split = KNOWN_SPLITS.find((known) => known.regex === regex);
  return split && { split };
}

function modelJson(model: ReadModel): ModelJson {
  if ('scores' in model) return { ...model.options, vocab: model.tokens.map((token, id) => [token, model.scores[id]!]) };
  const vocab = vocabOf(model.tokens);
  if (!('merges' in model)) return { ...model.options, vocab };
  const { lefts, rights } = model.merges;
  return { ...model.options, vocab, merges: Array.from(lefts, (left, i): [string, string] => [model.tokens[left]!, model.tokens[rights[i]!]!]) };
}

// A token of the vocabulary keeps its id; others must be listed with the ids after it, in order, since that is how Hugging
// Face numbers them whatever the file says.
function readAddedTokens(value: unknown, tokens: readonly string[]): AddedTokenJson[] {
  const entries = arrayAt(value, 'added_tokens');
  if (entries.length > MAX_TOKENS) throw tooLarge('added_tokens', entries.length, MAX_TOKENS, 'tokens');
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const seen = new Set<string>();
  let next = tokens.filter((token) => token !== '').length;
  let characters = 0;
  const added = entries.map((entry, i) => {
    const path = `added_tokens[${i}]`;
    const token = readAddedToken(entry, path);
    if (seen.has(token.content)) throw badId(path, 'each token once', `${shown(token.content)} again`);
    seen.add(token.content);
    characters += token.content.length;
    if (characters > MAX_ADDED_CHARACTERS) throw tooLarge('added_tokens', characters, MAX_ADDED_CHARACTERS, 'characters');
    const expected = ids.get(token.content) ?? next++;
    if (token.id !== expected) {
      throw badId(path, `id ${expected} for ${shown(token.content)}, without repetitions or gaps`, `id ${token.id}`);
    }
    return token;
  });
  return added.sort((a, b) => a.id - b.id);
}

function readAddedToken(entry: unknown, path: string): AddedTokenJson {
  const fields = objectAt(entry, path);
  const content = stringAt(field(fields, 'content'), `${path}.content`);
  if (content === '' || content.length > MAX_ADDED_TOKEN_LENGTH) {
    throw wrong(`${path}.content`, `1 to ${MAX_ADDED_TOKEN_LENGTH} characters`, content);
  }
  const flag = (name: string): boolean => booleanAt(field(fields, name), `${path}.${name}`);
  return {
    id: integerAt(field(fields, 'id'), `${path}.id`),
    content,
    single_word: flag('single_word'),
    lstrip: flag('lstrip'),
    rstrip: flag('rstrip'),
    normalized: flag('normalized'),
    special: flag('special'),
  };
}

function badId(path: string, expected: string, found: string): TokenizerError {
  return new TokenizerError(
    'E_TOKENIZER_VOCAB',
    `tokenizerFromJson: expected ${path} to have ${expected} but found ${found}. Export the tokenizer again from the library that made it.`,
  );
}
