import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ChatTemplateError } from './chat-template-error.ts';
import { chatTemplate } from './chat-template.ts';
import type { ChatMessage } from './types.ts';

type Expected = string | { text: string; spans: [number, number][] } | null;
const { context, pieces } = JSON.parse(readFileSync(new URL('../../fixtures/jinja.json', import.meta.url), 'utf8')) as {
  context: { messages: ChatMessage[] } & Record<string, unknown>; pieces: [string, Expected][];
};
const { messages, ...variables } = context;

// What the parser can't read: tuples of none or one.
const REFUSED_HERE = new Set(['[{{ ().__class__ }}]', '[{{ (none,) }}]', '[{{ () }}]']);

function rendered(source: string): Expected {
  try {
    const { text, assistant } = chatTemplate(source).renderWithSpans(messages, { variables });
    const points = (at: number): number => Array.from(text.slice(0, at)).length;
    return assistant.length > 0 ? { text, spans: assistant.map(([from, to]) => [points(from), points(to)]) } : text;
  } catch (error) {
    if (error instanceof ChatTemplateError) return null;
    throw error;
  }
}

// The reference reports blocks that are empty, which cover nothing.
function withoutEmpty(expected: Expected): Expected {
  if (expected === null || typeof expected === 'string') return expected;
  const spans = expected.spans.filter(([from, to]) => from < to);
  return spans.length > 0 ? { text: expected.text, spans } : expected.text;
}

describe('Jinja2, as transformers compiles it', () => {
  test('gives the same for some 1,600 pieces of templates, and refuses the same', () => {
    const found = Object.fromEntries(pieces.map(([source]) => [source, rendered(source)]));
    const expected = Object.fromEntries(pieces.map(([source, want]) => [source, REFUSED_HERE.has(source) ? null : withoutEmpty(want)]));
    expect(pieces.length).toBeGreaterThan(1500);
    expect(found).toEqual(expected);
  });

  test('strftime_now', () => {
    const now = (): Date => new Date(2024, 6, 4, 15, 6, 9);
    const format = '%d %b %Y|%B %A %a|%H:%M:%S %I%p|%-d/%-m %j %y %e %w%%|%F %T';
    const text = chatTemplate(`{{ strftime_now('${format}') }}`, { now }).render([]);
    expect(text).toBe('04 Jul 2024|July Thursday Thu|15:06:09 03PM|4/7 186 24  4 4%|2024-07-04 15:06:09');
  });
});
