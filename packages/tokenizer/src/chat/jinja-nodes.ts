import { parse, tokenize } from '@huggingface/jinja';
import { ChatTemplateError } from './chat-template-error.ts';

/** The nodes that the parser of @huggingface/jinja gives, as far as they are run. Statements and expressions share one union. */
export type Node =
  | { readonly type: 'If'; readonly test: Node; readonly body: readonly Node[]; readonly alternate: readonly Node[] }
  | { readonly type: 'For'; readonly loopvar: Node; readonly iterable: Node; readonly body: readonly Node[]; readonly defaultBlock: readonly Node[] }
  | { readonly type: 'Break' | 'Continue' | 'Comment' }
  | { readonly type: 'Set'; readonly assignee: Node; readonly value: Node | null; readonly body: readonly Node[] }
  | { readonly type: 'Macro'; readonly name: Identifier; readonly args: readonly Parameter[]; readonly body: readonly Node[] }
  | { readonly type: 'CallStatement'; readonly call: CallNode; readonly callerArgs: readonly Parameter[] | null; readonly body: readonly Node[] }
  | { readonly type: 'FilterStatement'; readonly filter: Identifier | CallNode; readonly body: readonly Node[] }
  | { readonly type: 'MemberExpression'; readonly object: Node; readonly property: Node; readonly computed: boolean }
  | CallNode
  | Identifier
  | { readonly type: 'IntegerLiteral' | 'FloatLiteral'; readonly value: number }
  | { readonly type: 'StringLiteral'; readonly value: string }
  | { readonly type: 'ArrayLiteral' | 'TupleLiteral'; readonly value: readonly Node[] }
  | { readonly type: 'ObjectLiteral'; readonly value: ReadonlyMap<Node, Node> }
  | { readonly type: 'BinaryExpression'; readonly operator: { readonly value: string }; readonly left: Node; readonly right: Node }
  | { readonly type: 'FilterExpression'; readonly operand: Node; readonly filter: Identifier | CallNode }
  | { readonly type: 'SelectExpression'; readonly lhs: Node; readonly test: Node }
  | { readonly type: 'TestExpression'; readonly operand: Node; readonly negate: boolean; readonly test: Identifier }
  | { readonly type: 'UnaryExpression'; readonly operator: { readonly value: string }; readonly argument: Node }
  | { readonly type: 'SliceExpression'; readonly start?: Node; readonly stop?: Node; readonly step?: Node }
  | KeywordNode
  | { readonly type: 'SpreadExpression' | 'KeywordSpreadExpression'; readonly argument: Node }
  | { readonly type: 'Ternary'; readonly condition: Node; readonly trueExpr: Node; readonly falseExpr: Node };

export interface Identifier { readonly type: 'Identifier'; readonly value: string }
export interface CallNode { readonly type: 'CallExpression'; readonly callee: Node; readonly args: readonly Node[] }
export interface KeywordNode { readonly type: 'KeywordArgumentExpression'; readonly key: Identifier; readonly value: Node }
export type Parameter = Identifier | KeywordNode;

/** The function that a `{% generation %}` block calls. No template can define it, since it holds what no name may hold in Jinja. */
export const GENERATION = '__generation__';

const LONGEST_SOURCE = 2 ** 18;
// The lexer tries every whitespace character of a run as a start, so a long run takes it quadratic time.
const LONG_SPACE = /\s{1000}/;
const TAG = /\{%(-?)\s*(end)?generation\s*(-?)%\}/g;

/**
 * Parses a chat template with trim_blocks and lstrip_blocks, as transformers compiles it; or, `untrimmed`, one whose whitespace all
 * stays, its last line end too.
 */
export function parseTemplate(source: string, { untrimmed = false }: { untrimmed?: boolean } = {}): { body: readonly Node[]; hasGeneration: boolean } {
  if (typeof source !== 'string') throw new TypeError(`chatTemplate: expected the text of a template but found ${source === null ? 'null' : typeof source}. Pass a string.`);
  if (source.length > LONGEST_SOURCE) throw tooLong(`a template of at most ${LONGEST_SOURCE} characters`, String(source.length));
  if (LONG_SPACE.test(source)) throw tooLong('a template with less than 1000 whitespace characters in a row', 'more');
  // Jinja2 reads every line end as \n. A generation block is a call block, with the same whitespace control and the same scope.
  const lines = source.replace(/\r\n?/g, '\n');
  const hasGeneration = lines.search(TAG) >= 0;
  const calls = lines.replace(TAG, (_, left: string, end: string | undefined, right: string) => `{%${left} ${end ? 'endcall' : `call ${GENERATION}()`} ${right}%}`);
  try {
    // The lexer always takes the last line end away.
    const { body } = parse(untrimmed ? tokenize(calls.endsWith('\n') ? `${calls}\n` : calls) : tokenize(calls, { trim_blocks: true, lstrip_blocks: true }));
    return { body: body as unknown as readonly Node[], hasGeneration };
  } catch (error) {
    if (isStackOverflow(error)) throw tooLong('a template without deep nesting', 'one too deep to parse');
    throw new ChatTemplateError('E_TEMPLATE_SYNTAX', `chatTemplate: expected a Jinja template but found a syntax error: ${(error as Error).message}. Check the template with Jinja2; blocks other than if, for, set, macro, call, filter and generation are not supported.`);
  }
}

/** Whether an error says that calls went too deep. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

function tooLong(expected: string, found: string): ChatTemplateError {
  return new ChatTemplateError('E_TEMPLATE_LIMIT', `chatTemplate: expected ${expected} but found ${found}. Real templates are far smaller; check where this one comes from.`);
}
