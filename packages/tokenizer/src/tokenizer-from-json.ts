import { MAX_ADDED_CHARACTERS, MAX_ADDED_TOKEN_LENGTH } from './added-tokens.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { arrayAt, booleanAt, field, integerAt, objectAt, stringAt, unsupported, wrong } from './json-fields.ts';
import { readByteLevel, readNormalizer, readPostProcessor, readPreTokenizer } from './read-components.ts';
import { MAX_TOKENS, readMerges, readModelOptions, readVocab, tooLarge } from './read-model.ts';
import { shown, TokenizerError } from './tokenizer-error.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { AddedTokenJson } from './tokenizer-json.ts';

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
 * Reads the object of a Hugging Face tokenizer.json with a byte-level BPE model (GPT-2, GPT-4, Llama 3, Qwen 2 and kin).
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
  for (const name of ['truncation', 'padding']) {
    const value = field(file, name) ?? null;
    if (value !== null) throw unsupported(name, value, 'null (set it to null, then cut or pad the ids yourself)');
  }
  const modelFields = objectAt(field(file, 'model'), 'model');
  const model = readModelOptions(modelFields);
  const normalizer = readNormalizer(field(file, 'normalizer'));
  const { json: preTokenizer, split } = readPreTokenizer(field(file, 'pre_tokenizer'));
  const decoder = readByteLevel(field(file, 'decoder'), 'decoder');
  const tokens = readVocab(field(modelFields, 'vocab'));
  const merges = readMerges(field(modelFields, 'merges'), tokens);
  const added = readAddedTokens(field(file, 'added_tokens') ?? [], tokens);
  const size = added.reduce((most, token) => Math.max(most, token.id + 1), tokens.length);
  const postProcessor = readPostProcessor(field(file, 'post_processor'), size);
  return createTokenizer({
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer,
      pre_tokenizer: preTokenizer,
      post_processor: postProcessor,
      decoder,
      model,
    },
    tokens,
    merges,
    split,
  });
}

// A token of the vocabulary keeps its id; others must be listed with the ids after it, in order, since that is how Hugging
// Face numbers them whatever the file says.
function readAddedTokens(value: unknown, tokens: readonly string[]): AddedTokenJson[] {
  const entries = arrayAt(value, 'added_tokens');
  if (entries.length > MAX_TOKENS) throw tooLarge('added_tokens', entries.length, MAX_TOKENS, 'tokens');
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const seen = new Set<string>();
  let next = tokens.length;
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
