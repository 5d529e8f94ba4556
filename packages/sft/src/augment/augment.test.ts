import { describe, expect, test } from 'vitest';
import type { RawExample } from '../formats/raw-example.ts';
import { readExample, readExamples } from '../formats/read-example.ts';
import { augment, exactDuplicates, type Propose } from './augment.ts';
import { backTranslation } from './back-translation.ts';
import { paraphrase } from './paraphrase.ts';
import { selfInstruct } from './self-instruct.ts';

const examples = readExamples([{ prompt: 'Name a bird.', completion: 'The owl.' }, { prompt: 'Name a fish.', completion: 'The cod.' }]);
const turn = (role: string, content: string): { role: string; content: string } => ({ role, content });

describe('what is proposed goes through the filters and the search for duplicates', () => {
  const propose: Propose = async (example, { seed }) => [
    { ...example, prompt: `${example.prompt as string} ${seed}` }, { ...example, prompt: 'NAME  a bird.' }, { ...example, completion: '' }, { ...example, prompt: 'Again', completion: 'Again' },
  ];

  test('with reasons, in order, whatever the concurrency', async () => {
    const run = async (concurrency: number) => augment(examples, {
      propose: async (example, context) => {
        // The first takes longest.
        await new Promise((resolve) => { setTimeout(resolve, example.index === 0 ? 15 : 1); });
        return propose(example, context);
      },
      filters: [({ completion }) => (completion === '' ? 'the answer is empty' : undefined), async ({ prompt, completion }) => (prompt === completion ? 'it says the same' : undefined)],
      duplicates: exactDuplicates, seed: 10, concurrency,
    });
    const found = await run(2);
    expect(found.examples.map(({ prompt, index }) => [prompt, index])).toEqual([['Name a bird. 10', 0], ['Name a fish. 11', 1], ['NAME  a bird.', 1]]);
    expect(found.dropped.map(({ reason, example }) => [reason, example.index])).toEqual([
      ['the answer is empty', 0], ['it says the same', 0], ['the answer is empty', 1], ['it says the same', 1], ['it repeats another', 0],
    ]);
    expect(await run(1)).toEqual(found);
  });

  test('a model that fails ends it', async () => {
    await expect(augment(examples, { propose: async () => { throw new Error('no answer'); }, filters: [], duplicates: () => [], seed: 0 })).rejects.toThrow('no answer');
  });
});

describe('proposals', () => {
  const context = { seed: 3, others: examples };
  const asked: string[] = [];
  const answering = (answer: string) => async (prompt: string, { seed }: { readonly seed: number }): Promise<string> => {
    asked.push(`${seed} ${prompt}`);
    return answer;
  };

  test('a paraphrase of the last thing that was asked, with the same answer', async () => {
    const chat = readExample({ messages: [turn('user', 'a'), turn('assistant', 'b'), turn('user', 'c'), turn('assistant', 'd')], tools: [{ name: 'f' }] });
    const [made] = await paraphrase(answering(' other words '))(chat, context);
    expect(made).toEqual({ ...chat, completion: [turn('user', 'a'), turn('assistant', 'b'), turn('user', 'other words'), turn('assistant', 'd')] });
    expect(asked.at(-1)).toMatch(/^3 Put the request below in other words[^]*\n\nc$/);
    const alpaca = readExample({ instruction: 'Add.', output: '3' });
    expect(await paraphrase(answering('Sum up.'))(alpaca, context)).toEqual([{ ...alpaca, prompt: [turn('user', 'Sum up.')] }]);
  });

  test('nothing where nothing was asked or nothing changed', async () => {
    expect(await paraphrase(answering('x'))(readExample({ text: 'a' }), context)).toEqual([]);
    expect(await paraphrase(answering('x'))(readExample({ messages: [turn('assistant', 'a')] }), context)).toEqual([]);
    expect(await paraphrase(answering('Name a bird.\n'))(examples[0]!, context)).toEqual([]);
    expect(await paraphrase(answering(' '))(examples[0]!, context)).toEqual([]);
  });

  test('there and back', async () => {
    const generate = async (prompt: string): Promise<string> => (prompt.startsWith('Translate the text below to German') ? 'Nenne einen Vogel.' : prompt.endsWith('Nenne einen Vogel.') && prompt.includes('to English') ? 'Tell me a bird.' : 'wrong');
    expect((await backTranslation(generate, { through: 'German' })(examples[0]!, context))[0]!.prompt).toBe('Tell me a bird.');
  });

  test('new tasks after some that are shown; what is no task is left out', async () => {
    const propose = selfInstruct(answering('Here:\n{"instruction":"Name a tree.","output":"The oak."}\n{"instruction":3}\n{"instruction":"Name a sea.","output":"The Baltic."}'), { shown: 2, count: 2 });
    const made: readonly RawExample[] = await propose(examples[0]!, context);
    expect(made.map(({ completion }) => completion)).toEqual([[turn('assistant', 'The oak.')], [turn('assistant', 'The Baltic.')]]);
    expect(asked.at(-1)).toContain('{"instruction":"Name a bird.","output":"The owl."}');
    expect(asked.at(-1)!.match(/"output"/g)!.length).toBe(2);
  });
});
