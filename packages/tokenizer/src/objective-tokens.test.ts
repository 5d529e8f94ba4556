import { expect, test } from 'vitest';
import { sentinelTokens, tokenizerFromJson, tokenizerToText, trainBpe, trainUnigram, ul2Tokens } from './index.ts';

test('sentinels go downwards from the first, at either end of a vocabulary, and are found in text', async () => {
  // As in the files of T5, whose <extra_id_0> is 32099 and <extra_id_99> 32000.
  const sentinels = sentinelTokens();
  expect([sentinels.length, sentinels[0], sentinels[99]]).toEqual([100, '<extra_id_99>', '<extra_id_0>']);
  const trained = await trainBpe(['low lower lowest'], { vocabSize: 380, specialTokens: ['<pad>', '</s>', '<mask>', ...Object.values(ul2Tokens), ...sentinels] });
  const file = (await trainUnigram(['low lower lowest'], { vocabSize: 20, unkToken: '<unk>', specialTokens: ['<unk>'] })).toJSON();
  const size = file.model.type === 'Unigram' ? file.model.vocab.length : 0;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const behind = tokenizerFromJson({ ...file, added_tokens: [...file.added_tokens, ...sentinels.map((content, i) => ({ id: size + i, content, ...flags }))] });
  for (const tokenizer of [trained, behind, tokenizerFromJson(JSON.parse(tokenizerToText(trained)))]) {
    const first = tokenizer.tokenToId('<extra_id_0>')!;
    for (let i = 0; i < 100; i++) expect(tokenizer.tokenToId(`<extra_id_${i}>`)).toBe(first - i);
    expect([...tokenizer.encode('<extra_id_7>', { allowSpecial: true })]).toEqual([first - 7]);
    expect([...tokenizer.encode('<extra_id_7>')]).not.toContain(first - 7);
  }
  expect(trained.encode('[S2S]<mask>', { allowSpecial: true })).toEqual(Uint32Array.of(trained.tokenToId('[S2S]')!, trained.tokenToId('<mask>')!));
});

test('a count that is none is refused', () => {
  expect(() => sentinelTokens(-1)).toThrow('expected a whole number of tokens but found -1');
});
