import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { answerCompleteness } from './answer-completeness.ts';
import { instructionFollowingDifficulty } from './ifd.ts';
import { instructionClarity } from './instruction-clarity.ts';
import { scoreSft } from './score-sft.ts';
import { toSftExample, type SftExample } from './sft-example.ts';
import { styleConsistency, styleProfile } from './style-profile.ts';
import { taskDiversity } from './task-diversity.ts';
import { taskKind, type TaskKind } from './task-kind.ts';
import { wordTokens } from './word-tokens.ts';


const pair = (user: string, assistant = 'Yes.'): SftExample => ({ id: user, turns: [{ role: 'user', content: user }, { role: 'assistant', content: assistant }] });

test('words, with ideographs one by one', () => {
  expect(wordTokens("Don't say 你好world 3次，カナ한글!")).toEqual(['don', 't', 'say', '你', '好', 'world', '3', '次', 'カ', 'ナ', '한', '글']);
});

describe('records', () => {
  test('the four shapes', () => {
    const turns = [{ role: 'system', content: 's' }, { role: 'user', content: 'q' }, { role: 'assistant', content: 'a' }];
    expect(toSftExample({ messages: turns }, { id: 'x' })).toEqual({ id: 'x', turns });
    expect(toSftExample({ conversations: [{ from: 'human', value: 'q' }, { from: 'gpt', value: 'a' }], system: 's' }, { id: 'x' })).toEqual({ id: 'x', turns });
    expect(toSftExample({ instruction: 'q', input: '', output: 'a', system: 's' }, { id: 'x' })).toEqual({ id: 'x', turns });
    expect(toSftExample({ instruction: 'q', output: 'a', history: [['1', '2']] }, { id: 'x' }).turns.map(({ content }) => content)).toEqual(['1', '2', 'q', 'a']);
    expect(toSftExample({ prompt: 'q', completion: 'a', system: 's' }, { id: 'x' })).toEqual({ id: 'x', turns });
    expect(toSftExample({ prompt: turns.slice(0, 2), completion: turns.slice(2) }, { id: 'x' })).toEqual({ id: 'x', turns });
    expect(toSftExample({ messages: ['user', 'assistant', 'tool', 'tool', 'assistant'].map((role) => ({ role, content: role })) }, { id: 'x' }).turns).toHaveLength(5);
  });

  test.each([
    [null, 'an object but found null'],
    [{ a: 1 }, 'fields a'],
    [{ messages: [] }, 'no turn'],
    [{ messages: [{ role: 'bot', content: 'x' }] }, '"bot"'],
    [{ messages: [{ role: 'toString', content: 'x' }] }, '"toString"'],
    [{ messages: [null] }, 'turn 1 but found none'],
    [{ messages: [{ role: 'user', content: 3 }] }, 'a string in "content" of turn 1 but found number'],
    [{ messages: [{ role: 'assistant', content: 'x' }] }, 'assistant after nothing in turn 1'],
    [{ messages: [{ role: 'user', content: 'x' }, { role: 'user', content: 'x' }] }, 'user after user in turn 2'],
    [{ messages: [{ role: 'user', content: 'x' }, { role: 'system', content: 'x' }] }, 'system after user'],
    [{ messages: [{ role: 'user', content: 'x' }] }, "the assistant's turn at the end but found user"],
    [{ instruction: 'q', output: 'a', history: ['x'] }, 'pairs in "history"'],
    [{ prompt: 'q', completion: [{ role: 'assistant', content: 'x' }] }, 'fields prompt, completion'],
  ])('%j', (record, found) => {
    expect(() => toSftExample(record, { id: 'a.jsonl', line: 7 })).toThrow(expect.objectContaining({ code: 'E_SFT', line: 7, message: expect.stringContaining(found) }));
  });
});

test('kinds of tasks in two languages', () => {
  const expected: [TaskKind, string[]][] = [
    ['code', ['Write a Python function that adds.', '写一个函数计算平方']],
    ['translate', ['Translate this to French: hello', '把这句话翻译成英文']],
    ['summarize', ['Summarize the article.', '请总结下文']],
    ['rewrite', ['Rewrite this politely.', '润色这段话']],
    ['classify', ['Classify the sentiment.', '判断这句话的情感']],
    ['extract', ['Extract all names.', '找出所有地名']],
    ['calculate', ['Calculate 3 + 4.', '求解这个方程']],
    ['compare', ['Compare tea and coffee.', '比较猫和狗']],
    ['list', ['List five fruits.', '列出五种水果']],
    ['write', ['Compose a poem.', '写一首诗']],
    ['explain', ['Explain gravity.', '介绍一下长城']],
    ['question', ['Who was Kepler?', '天空是什么颜色']],
    ['other', ['hello there', '你好']],
  ];
  for (const [kind, texts] of expected) for (const text of texts) expect(taskKind(text), text).toBe(kind);
});

describe('clarity', () => {
  test.each([
    ['What is the capital of France?', []],
    ['Summarize the following text:\nThe sky is blue and wide.', []],
    ['总结以下内容：天空很蓝。', []],
    ['Hi', ['fewer than three words', 'neither a question']],
    ['Write about {{topic}} in detail.', ['a placeholder that was not filled in: {{topic}}']],
    ['Explain [insert subject] to a child.', ['a placeholder']],
    ['Summarize the following text.', ['speaks of what follows']],
    ['Explain the above code.', ['speaks of what stands above']],
    ['Explain this (and that.', ['a bracket']],
  ])('%j', (text, evidence) => {
    const found = instructionClarity(pair(text));
    expect(found.evidence).toHaveLength(evidence.length);
    for (const [i, each] of evidence.entries()) expect(found.evidence[i]).toContain(each);
    expect(found.score).toBeCloseTo(1 - evidence.length / 6, 12);
  });

  test('what stands above is there from the second turn on', () => {
    const later: SftExample = { id: 'a', turns: [{ role: 'system', content: 'The text.' }, ...pair('Explain the above code.').turns] };
    expect(instructionClarity(later).score).toBe(1);
  });
});

describe('completeness', () => {
  const list = (count: number): string => Array.from({ length: count }, (_, i) => `${i + 1}. item`).join('\n');
  test.each([
    ['Who?', 'Johannes Kepler', []],
    ['Explain.', 'It rains. It pours.', []],
    ['Code?', '```js\nx\n```', []],
    ['Give me three fruits.', list(3), []],
    ['列出三个水果', list(3), []],
    ['Who?', ' ', ['an empty answer']],
    ['Explain.', `${'long words go on and on '.repeat(5)}because the`, ['breaks off']],
    ['Explain.', 'First, we have to look at...', ['breaks off']],
    ['Code?', '```js\nx\n', ['a code fence']],
    ['Who?', "I'm sorry, but I can't help with that.", ['a refusal']],
    ['是谁？', '很抱歉，我无法回答这个问题。', ['a refusal']],
    ['Give me five fruits.', list(3), ['3 items where 5 were asked for']],
    ['列出十个水果', list(4), ['4 items where 10']],
    ['Answer:\n1. Who?\n2. When?', '1. Kepler.', ['no answer to part 2']],
  ])('%j %j', (user, assistant, evidence) => {
    const found = answerCompleteness(pair(user, assistant));
    expect(found.evidence).toHaveLength(evidence.length);
    for (const [i, each] of evidence.entries()) expect(found.evidence[i]).toContain(each);
    expect(found.score).toBeCloseTo(1 - evidence.length / 6, 12);
  });
});

test('style: the median and its spread by hand; what is far from it says how far', () => {
  const examples = [2, 4, 4, 5, 6, 7, 8].map((words) => pair('Why is it so?', `${'word '.repeat(words - 1)}end.`));
  const profile = styleProfile(examples);
  expect(profile.features.words.median).toBeCloseTo(Math.log(6), 12);
  const away = [2, 4, 4, 5, 6, 7, 8].map((words) => Math.abs(Math.log((words + 1) / 6))).sort((a, b) => a - b);
  expect(profile.features.words.spread).toBeCloseTo(Math.max(0.25, 1.4826 * (away[3] as number)), 12);
  for (const example of examples.slice(1)) expect(styleConsistency(example, profile)).toEqual({ score: 1, evidence: [] });
  const odd = styleConsistency(pair('Why is it so?', '# WOW!!! 🎉🎉🎉\n- I love it!!!'), profile);
  expect(odd.evidence.map((each) => each.split(' ')[0])).toEqual(['wordsPerSentence', 'markdownLines', 'exclamations', 'emoji', 'firstPerson']);
  expect(odd.score).toBeLessThan(0.7);
  expect(styleConsistency(pair('为什么？', `${'word '.repeat(4)}end.`), profile)).toEqual({ score: 6 / 7, evidence: ['another script than that of the instruction'] });
  expect(styleConsistency(pair('翻译成英文：你好', `${'word '.repeat(4)}end.`), profile).score).toBe(1);
  expect(() => styleProfile([])).toThrow(RangeError);
});

test('diversity: entropy and distinct trigrams by hand', () => {
  const { kindEntropy, newTrigrams, score, novelty, kinds } = taskDiversity([pair('Translate one two three'), pair('Translate one two four'), pair('Why?'), pair('Why?')]);
  expect(kinds).toMatchObject({ translate: 2, question: 2, other: 0 });
  expect(kindEntropy).toBeCloseTo(Math.log(2) / Math.log(13), 12);
  expect(newTrigrams).toBeCloseTo(4 / 6, 12);
  expect(score).toBeCloseTo((kindEntropy + newTrigrams) / 2, 12);
  expect(novelty).toEqual([1, 0.5, 1, 0]);
});

test('difficulty: the ratio of two losses, with the turns before the answer', async () => {
  const asked: unknown[] = [];
  const found = await instructionFollowingDifficulty(pair('q', 'a'), (answer, { prompt }) => {
    asked.push([answer, prompt?.map(({ content }) => content)]);
    return prompt ? 1.5 : 2;
  });
  expect(found).toEqual({ ifd: 0.75, conditioned: 1.5, alone: 2 });
  expect(asked).toEqual([['a', ['q']], ['a', undefined]]);
  for (const wrong of [NaN, -1, 0, Infinity]) await expect(instructionFollowingDifficulty(pair('q'), () => wrong)).rejects.toThrow(RangeError);
});

test('all six with evidence, and a summary', async () => {
  const examples = [pair('What is two plus two?', 'Four.'), pair('What is two plus two?', ''), pair('Explain why the sky is blue.', 'Air scatters blue light.')];
  const { rows, summary } = await scoreSft(examples, { judge: ({ turns }) => ({ score: turns[1]?.content === 'Four.' ? 1 : 0.5, reason: 'compared' }), answerLoss: (_, { prompt }) => (prompt ? 3 : 2) });
  expect(rows[1]?.scores).toMatchObject({
    completeness: { score: 5 / 6, evidence: ['an empty answer'] },
    correctness: { score: 0.5, evidence: ['compared'] },
    diversity: { score: 0, evidence: ['100 % of the instruction stand in earlier ones'] },
    difficulty: { score: 1, evidence: ['IFD 1.500 = 3.000 / 2.000', 'the instruction does not help: leave it out'] },
  });
  expect(summary).toMatchObject({ examples: 3, means: { correctness: 2 / 3, difficulty: 1, clarity: 1 } });
  expect(summary.means.diversity).toBe(summary.diversity.score);
  expect(summary.evidence.find(({ dimension }) => dimension === 'difficulty')).toEqual({ dimension: 'difficulty', text: 'IFD # = # / #', count: 3 });
  expect((await scoreSft(examples)).summary.means).toMatchObject({ correctness: null, difficulty: null });
  const measured = await scoreSft(examples, { judge: () => ({ score: null, reason: 'no marks' }), ifd: ({ turns }) => (turns[1]?.content === '' ? null : { ifd: 0.5, conditioned: 1, alone: 2 }) });
  expect(measured.summary.means).toMatchObject({ correctness: null, difficulty: 0.5 });
  expect(measured.rows[1]?.scores).toMatchObject({ correctness: { score: null, evidence: ['no marks'] }, difficulty: { score: null } });
  await expect(scoreSft(examples, { judge: () => ({ score: 4, reason: '' }) })).rejects.toThrow("a judge's score from 0 to 1 but found 4");
  await expect(scoreSft(examples, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  await expect(scoreSft([])).rejects.toThrow(RangeError);
});

test('time is linear in hostile texts', () => {
  for (const piece of ['{{', '(', 'list ', '列出', ' ', '\n', '1. ', '```', 'I am ', '[insert ', '...', '写']) {
    const example = pair(piece.repeat(200_000 / piece.length), piece.repeat(200_000 / piece.length));
    const from = processorMilliseconds();
    instructionClarity(example);
    answerCompleteness(example);
    styleConsistency(example, styleProfile([example]));
    expect(processorMilliseconds() - from, piece).toBeLessThan(3000);
  }
});
