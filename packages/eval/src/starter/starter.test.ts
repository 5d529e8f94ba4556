// Prompts and scores of the built-in tasks against lm-evaluation-harness's tasks of the same names, over documents of our own (fixtures/make-starter.py).
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { EvalMessage } from '../requests/request.ts';
import { createTask, type PromptOptions, type TaskRequest } from '../tasks/create-task.ts';
import type { Doc } from '../tasks/doc.ts';
import type { TaskConfig } from '../tasks/task-config.ts';
import { humaneval } from './humaneval.ts';
import { mmlu } from './mmlu.ts';
import { STARTER_TASKS, starterTasks } from './starter-tasks.ts';
import { truthfulqaMc2 } from './truthfulqa.ts';

type Asked = [number, string, string | null | undefined][];
interface Known {
  docs: Record<string, Doc[]>; shots: number; version: unknown; requests: Asked; chat?: Asked; multiturn?: Asked;
  answers: (string | number | [number, boolean])[][]; scores: Record<string, number | number[]>[];
}
const { primer, tasks } = JSON.parse(readFileSync(new URL('./fixtures/starter.json', import.meta.url), 'utf8')) as { primer: string; tasks: Record<string, Known> };

const configOf = (name: string): TaskConfig => (name === 'truthfulqa_mc2' ? truthfulqaMc2({ primer }) : starterTasks([name]).tasks[0]!);
const taskOf = (name: string): ReturnType<typeof createTask> => createTask(configOf(name), { splits: tasks[name]!.docs, numFewshot: tasks[name]!.shots });
const asked = (requests: readonly (readonly TaskRequest[])[]): unknown[] => requests.flatMap((each, doc) => each.map(({ type, request }) => (
  type === 'loglikelihood' ? [doc, request.context, request.continuation] : type === 'loglikelihood_rolling' ? [doc, request] : [doc, request.context, null]
)));

describe.each(Object.entries(tasks))('%s', (name, known) => {
  test('asks the same, to the letter', () => {
    const task = taskOf(name);
    expect(asked(task.requests(task.docs))).toEqual(known.requests);
    // Drawn anew in each call.
    expect(asked(task.requests(task.docs))).toEqual(known.requests);
    expect(task.config.metadata?.version ?? 'Yaml').toEqual(known.version);
  });

  test('scores the same answers alike', () => {
    const task = taskOf(name);
    const requests = task.requests(task.docs);
    const answers = known.answers.map((each) => each.map((answer) => (Array.isArray(answer) ? { logprob: answer[0], greedy: answer[1] } : answer)));
    const owners = requests.flatMap((each, doc) => each.map(() => task.docs[doc]!));
    const scores = task.filters.flatMap(({ filter }) => {
      const filtered = filter(answers, owners);
      let at = 0;
      return task.docs.map((doc, i) => task.score(doc, filtered.slice(at, at += requests[i]!.length)));
    });
    expect(scores).toHaveLength(known.scores.length);
    scores.forEach((found, i) => {
      expect(Object.keys(found)).toEqual(Object.keys(known.scores[i]!));
      for (const [metric, value] of Object.entries(known.scores[i]!)) {
        [value].flat().forEach((number, j) => expect(Math.abs(([found[metric]].flat() as number[])[j]! - number), `${metric} of ${i}`).toBeLessThan(1e-12));
      }
    });
  });
});

describe.each(Object.entries(tasks).filter(([, { chat }]) => chat !== undefined))('%s', (name, known) => {
  test('as a conversation, with examples in one message or as turns, after an instruction', () => {
    const applyChatTemplate = (messages: readonly EvalMessage[], { addGenerationPrompt }: { addGenerationPrompt: boolean }): string => {
      const text = messages.map(({ role, content }) => `<${role}>${content}</>`).join('');
      return addGenerationPrompt ? `${text}<assistant>` : text.slice(0, -3);
    };
    for (const kind of ['chat', 'multiturn'] as const) {
      const options: PromptOptions = { applyChatTemplate, fewshotAsMultiturn: kind === 'multiturn', systemInstruction: 'Be brief.' };
      const task = taskOf(name);
      expect(asked(task.requests(task.docs, options)).slice(0, 5), kind).toEqual(known[kind]);
    }
  });
});

test('mmlu has 57 subjects in four fields, and a group over the fields', () => {
  const { tasks: subjects, groups } = mmlu();
  expect(subjects).toHaveLength(57);
  expect(groups.map(({ group, tasks: members }) => [group, members.length])).toEqual([['mmlu', 4], ['mmlu_stem', 19], ['mmlu_other', 13], ['mmlu_social_sciences', 12], ['mmlu_humanities', 13]]);
  expect(starterTasks(['mmlu']).tasks).toHaveLength(57);
  expect(starterTasks(['mmlu_anatomy', 'gsm8k']).tasks.map(({ task }) => task)).toEqual(['mmlu_anatomy', 'gsm8k']);
  expect(new Set(STARTER_TASKS).size).toBe(12 + 5 + 57);
  expect(() => starterTasks(['mnlu'])).toThrow(/expected one of hellaswag.*but found mnlu/);
});

test('humaneval runs each program with its tests, by the function that is given', () => {
  const ran: string[] = [];
  const config = humaneval({ run: (program) => { ran.push(program); return program.includes('a + b'); }, samples: 3, k: [1, 2] });
  const task = createTask(config, { splits: { test: [{ prompt: 'def add(a, b):\n', test: 'def check(f): assert f(1, 2) == 3', entry_point: 'add' }] } });
  const [[request]] = task.requests(task.docs) as [[TaskRequest]];
  expect(request).toMatchObject({ type: 'generate_until', request: { context: 'def add(a, b):\n', kwargs: { doSample: true, temperature: 0.8 } } });
  const filtered = task.filters[0]!.filter([['  return a + b', '  return a', '  return b']], task.docs);
  // One of three is right: pass@1 = 1/3, and two of the three pairs hold it.
  const scores = task.score(task.docs[0]!, filtered);
  expect(scores['pass@1']).toBeCloseTo(1 / 3, 12);
  expect(scores['pass@2']).toBeCloseTo(2 / 3, 12);
  expect(ran[0]).toBe('def add(a, b):\n  return a + b\ndef check(f): assert f(1, 2) == 3\ncheck(add)');
});

test('a document of another dataset is refused by what it lacks', () => {
  const wrong = (name: string, doc: Doc): (() => unknown) => () => {
    const task = createTask(configOf(name), { splits: { train: [doc], validation: [doc], test: [doc], dev: [doc] }, numFewshot: 0 });
    return task.requests(task.docs).map((_, i) => task.score(task.docs[i]!, [{ logprob: -1, greedy: false }]));
  };
  expect(wrong('hellaswag', { text: 'x' })).toThrow(/activity_label/);
  expect(wrong('winogrande', { sentence: 'no blank', option1: 'a', option2: 'b', answer: '1' })).toThrow(/blank/);
  expect(wrong('wikitext', { text: 'x' })).toThrow(/page/);
  expect(wrong('truthfulqa_mc2', { question: 'x', mc2_targets: { choices: ['a'] } })).toThrow(/labels/);
  expect(wrong('arc_easy', { question: 'x' })).toThrow(/choices/);
});
