/** A declaration, and what its documentation says of it. */
export interface ApiPair {
  /** Such as `function readFile(path: PathLike): Promise<Buffer>`. */
  readonly signature: string;
  /** The first sentence of the comment above it. */
  readonly description: string;
}

const COMMENT = /\/\*\*((?:(?!\*\/)[\s\S]){8,4000}?)\*\/\s*([^\n]{4,400})/g;
const SENTENCE = /^.*?[.!?](?=\s|$)/;
/** Words in a description: fewer say nothing, more are no summary. */
const WORDS = { least: 3, most: 20 };
const LONGEST_SIGNATURE = 120;

/**
 * Documented functions and methods of a `.d.ts` file: what stands in a comment above a declaration with parameters.
 *
 * What is not plain ASCII, has no sentence, or merely repeats another pair's signature is left out by the caller or here.
 */
export function* apiPairs(declarations: string): Generator<ApiPair> {
  for (const [, comment = '', below = ''] of declarations.matchAll(COMMENT)) {
    const signature = below.trim().replace(/^export (?:default )?(?:declare )?|^declare /, '').replace(/\s*\{\s*$|;.*$/, '').trim();
    if (signature.length > LONGEST_SIGNATURE || !/^[\w$ .]+(?:<[^(]*>)?\(.*\)/.test(signature)) continue;
    const description = summaryOf(comment);
    if (description === undefined || !/^[\x20-\x7e]+$/.test(description + signature)) continue;
    yield { signature, description };
  }
}

/** The first sentence of a comment without its marks, tags and links, with a full stop. */
function summaryOf(comment: string): string | undefined {
  const text = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim()).join(' ')
    .replace(/\{@link(?:code|plain)? ([^}|]*)(?:\|[^}]*)?\}/g, '$1')
    .split(/(?:^|\s)@\w+/)[0]!.replace(/[*`]{1,3}/g, '').replace(/\s+/g, ' ').trim();
  const sentence = (SENTENCE.exec(text)?.[0] ?? text).trim();
  const words = sentence.split(' ').length;
  if (words < WORDS.least || words > WORDS.most || !/^[A-Z]/.test(sentence)) return undefined;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
