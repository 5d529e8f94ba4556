import { describe, expect, test } from 'vitest';
import { SftError } from '../sft-error.ts';
import type { Format } from './format.ts';
import { answerText, messagesOf, promptText } from './raw-example.ts';
import { detectFormat, formats, readExample, readExamples } from './read-example.ts';

const turn = (role: string, content: string): { role: string; content: string } => ({ role, content });

describe('every format is told by its fields, and read', () => {
  test.each([
    ['alpaca', 'prompt-completion', { instruction: 'Add.', input: '1 2', output: '3' }, [turn('user', 'Add.\n\n1 2')], [turn('assistant', '3')]],
    ['alpaca', 'prompt-completion', { instruction: 'Sing.', input: '', output: 'La', system: 'You sing.' }, [turn('system', 'You sing.'), turn('user', 'Sing.')], [turn('assistant', 'La')]],
    ['sharegpt', 'language-modeling', { conversations: [{ from: 'human', value: 'Hi' }, { from: 'gpt', value: 'Hello' }], system: 'Be kind.' }, undefined, [turn('system', 'Be kind.'), turn('user', 'Hi'), turn('assistant', 'Hello')]],
    ['sharegpt', 'language-modeling', { conversations: [turn('user', 'Hi'), turn('assistant', 'Hello')] }, undefined, [turn('user', 'Hi'), turn('assistant', 'Hello')]],
    ['messages', 'language-modeling', { messages: [turn('user', 'Hi'), { ...turn('assistant', 'Hello'), weight: 0 }] }, undefined, [turn('user', 'Hi'), { ...turn('assistant', 'Hello'), weight: 0 }]],
    ['prompt-completion', 'prompt-completion', { prompt: '1 + 1 =', completion: ' 2' }, '1 + 1 =', ' 2'],
    ['prompt-completion', 'prompt-completion', { prompt: [turn('user', 'Hi')], completion: [turn('assistant', 'Hello')] }, [turn('user', 'Hi')], [turn('assistant', 'Hello')]],
    ['text', 'language-modeling', { text: 'Once.' }, undefined, 'Once.'],
  ])('%s, %s: %j', (name, type, record, prompt, completion) => {
    expect(detectFormat(record)).toMatchObject({ name, type });
    const example = readExample(record, { index: 4 });
    expect(example).toMatchObject({ format: name, index: 4, completion });
    expect(example.prompt).toEqual(prompt);
  });

  test.each([
    ['preference', { prompt: 'a', chosen: 'b', rejected: 'c' }, 'Use @llm/preference'],
    ['unpaired-preference', { prompt: 'a', completion: 'b', label: true }, 'keep the records whose label is true'],
    ['stepwise-supervision', { prompt: 'a', completions: ['b'], labels: [true] }, 'Use a reward model'],
    ['prompt-only', { prompt: 'a' }, 'Add "completion" to each record'],
  ])('%s belongs elsewhere', (type, record, remedy) => {
    expect(detectFormat(record).type).toBe(type);
    expect(() => readExample(record, { index: 2 })).toThrow(expect.objectContaining({ code: 'E_FORMAT', record: 2, message: expect.stringContaining(remedy) as string }) as Error);
  });
});

test('tools and template variables come along, tools also as JSON text', () => {
  const messages = [turn('user', 'Hi'), { role: 'assistant', content: null, tool_calls: [{ name: 'f' }] }];
  expect(readExample({ messages, tools: '[{"name":"f"}]', chat_template_kwargs: { enable_thinking: false } })).toMatchObject({ tools: [{ name: 'f' }], variables: { enable_thinking: false } });
  expect(readExample({ messages: [turn('user', 'Hi')], tools: null }).tools).toBeUndefined();
});

describe('what is wrong is said with the number of the record, what was expected and what was found', () => {
  test.each([
    [7, 'E_RECORD', 'expected an object but found 7. Write one JSON object a line (record 3)'],
    [{ question: 'Why?', answer: 'So.' }, 'E_FORMAT', '{"instruction", "input", "output"}, {"text"}, {"prompt"} but found "question","answer". Rename the fields (record 3)'],
    [{}, 'E_FORMAT', 'but found none'],
    [{ text: 3 }, 'E_RECORD', 'expected text to be a string but found 3. Correct the record or leave it out (record 3)'],
    [{ messages: [] }, 'E_RECORD', 'expected messages to be a list of at least one message but found []'],
    [{ messages: ['Hi'] }, 'E_RECORD', 'expected messages[0] to be an object with role and content but found "Hi"'],
    [{ messages: [{ content: 'Hi' }] }, 'E_RECORD', 'expected messages[0].role to be the name of a role but found nothing'],
    [{ messages: [turn('user', 'Hi'), { role: 'assistant' }] }, 'E_RECORD', 'expected messages[1].content to be a string or a list of text parts but found nothing'],
    [{ messages: [{ role: 'user', content: [{ type: 'image', image: 'x' }] }] }, 'E_RECORD', 'expected messages[0].content to be a string or a list of text parts but found [{"type":"image","image":"x"}]'],
    [{ messages: [{ ...turn('user', 'Hi'), weight: -1 }] }, 'E_RECORD', 'expected messages[0].weight to be a number from 0 on but found -1'],
    [{ messages: [{ ...turn('user', 'Hi'), train: 1 }] }, 'E_RECORD', 'expected messages[0].train to be true or false but found 1'],
    [{ conversations: [{ from: 'human' }] }, 'E_RECORD', 'expected conversations[0].value to be a string'],
    [{ conversations: 'Hi' }, 'E_RECORD', 'expected conversations to be a list of at least one message but found "Hi"'],
    [{ prompt: 'a', completion: [turn('assistant', 'b')] }, 'E_RECORD', 'expected completion to be a string, like prompt, but found'],
    [{ prompt: [turn('user', 'a')], completion: 'b' }, 'E_RECORD', 'expected completion to be a list of at least one message but found "b"'],
    [{ instruction: ' ', output: 'b' }, 'E_RECORD', 'expected instruction to be a text that asks something but found " "'],
    [{ instruction: 'a', input: 3, output: 'b' }, 'E_RECORD', 'expected input to be a string, or nothing, but found 3'],
    [{ messages: [turn('user', 'Hi')], tools: '{' }, 'E_RECORD', 'expected tools to be a list, or JSON of one, but found "{"'],
  ])('%j', (record, code, message) => {
    const thrown = (() => { try { return readExample(record, { index: 3 }); } catch (error) { return error; } })();
    expect(thrown).toBeInstanceOf(SftError);
    expect(thrown).toMatchObject({ code, record: 3 });
    expect((thrown as Error).message.replaceAll(', but', ' but')).toContain(message.replaceAll(', but', ' but'));
  });

  test('an empty file', () => {
    expect(() => readExamples([])).toThrow(expect.objectContaining({ code: 'E_EMPTY' }) as Error);
    expect(() => readExamples([{ text: 'a' }, { text: 1 }])).toThrow('(record 1)');
  });
});

test('a format of one\'s own is tried first', () => {
  const quiz: Format = {
    name: 'quiz', type: 'prompt-completion', shape: '{"question", "answer"}', matches: (record) => 'question' in record,
    read: ({ question, answer }, index) => ({ format: 'quiz', index, prompt: String(question), completion: String(answer) }),
  };
  expect(readExample({ question: 'Why?', answer: 'So.' }, { formats: [quiz, ...formats] })).toMatchObject({ format: 'quiz', prompt: 'Why?', completion: 'So.' });
});

test('what an example asks and answers', () => {
  const chat = readExample({ messages: [turn('system', 's'), turn('user', 'a'), turn('assistant', 'b'), turn('user', 'c'), { role: 'assistant', content: [{ type: 'text', text: 'd' }] }] });
  expect([promptText(chat), answerText(chat), messagesOf(chat).length]).toEqual(['a\nb\nc', 'd', 5]);
  const pair = readExample({ prompt: [turn('user', 'a')], completion: [turn('assistant', 'b')] });
  expect([promptText(pair), answerText(pair)]).toEqual(['a', 'b']);
  const text = readExample({ text: 'all' });
  expect([promptText(text), answerText(text), messagesOf(text)]).toEqual(['', 'all', []]);
});
