/** What went wrong with a chat template, stable across versions. */
export type ChatTemplateErrorCode =
  | 'E_TEMPLATE_SYNTAX'
  | 'E_TEMPLATE_RUNTIME'
  | 'E_TEMPLATE_RAISED'
  | 'E_TEMPLATE_LIMIT'
  | 'E_TEMPLATE_SPANS'
  | 'E_TEMPLATE_MISSING';

/**
 * A chat template that cannot be compiled or rendered, with a `code` to branch on.
 *
 * | code | meaning |
 * |---|---|
 * | `E_TEMPLATE_SYNTAX` | not a template that this package can compile |
 * | `E_TEMPLATE_RUNTIME` | the template did something that Jinja2 refuses as well (added a number to a text), or that is not supported |
 * | `E_TEMPLATE_RAISED` | the template refused the conversation by `raise_exception` |
 * | `E_TEMPLATE_LIMIT` | more steps or characters than the limits allow, or nested too deep |
 * | `E_TEMPLATE_SPANS` | the assistant's words cannot be told from the rest |
 * | `E_TEMPLATE_MISSING` | a file that has no chat template of that name |
 */
export class ChatTemplateError extends Error {
  override readonly name = 'ChatTemplateError';
  readonly code: ChatTemplateErrorCode;

  constructor(code: ChatTemplateErrorCode, message: string) {
    super(`${message} [${code}]`);
    this.code = code;
  }
}
