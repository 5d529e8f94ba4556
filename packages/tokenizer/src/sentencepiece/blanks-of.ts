import { fromBase64 } from '../normalizers/read-normalizer.ts';
import { shown } from '../tokenizer-error.ts';
import type { NormalizerJson, PreTokenizerJson, TokenizerJson } from '../tokenizer-json.ts';
import { inTheWay } from './in-the-way.ts';
import type { ModelProto } from './model-proto.ts';

const BLANK = '\u2581';

/** What a text goes through before it is cut, and whether it is cut into words. */
export interface Blanks extends Pick<ModelProto, 'addDummyPrefix' | 'removeExtraWhitespaces' | 'charsmap'> {
  readonly splits: boolean;
}

/** How normalizer and pre-tokenizer treat blanks, in the terms of SentencePiece. */
export function blanksOf({ normalizer, pre_tokenizer: preTokenizer }: TokenizerJson): Blanks {
  const steps = flat(normalizer);
  const [first] = steps;
  const charsmap = first?.type === 'Precompiled' ? fromBase64(first.precompiled_charsmap, 'normalizer.precompiled_charsmap') : undefined;
  const rest = charsmap === undefined ? steps : steps.slice(1);
  const { scheme, splits, words } = metaspaceOf(preTokenizer);
  const prefixed = scheme === 'always' || scheme === 'first';
  // T5 and XLM-R: any whitespace divides words, each of which gets a ▁; the charsmap makes blanks of all whitespace.
  if (words && charsmap && prefixed && rest.every(isSqueeze)) return { charsmap, addDummyPrefix: true, removeExtraWhitespaces: true, splits };
  if (words) throw inTheWay('WhitespaceSplit to follow a Precompiled charsmap, and Metaspace to follow it', 'it elsewhere', 'SentencePiece cuts at blanks only');
  // As the converters write what SentencePiece removes: blanks at the end, and blanks behind blanks; Metaspace does the beginning.
  if (rest.length === 2 && rest[0]!.type === 'Strip' && !rest[0]!.strip_left && rest[0]!.strip_right && isSqueeze(rest[1]!) && prefixed) {
    return { charsmap, addDummyPrefix: true, removeExtraWhitespaces: true, splits };
  }
  if (prefixed) throw inTheWay('Metaspace with prepend_scheme "never"', shown(scheme), `It puts no ${BLANK} before a text that begins with a blank, where SentencePiece does. Put { type: 'Prepend', prepend: '${BLANK}' } and { type: 'Replace', pattern: { String: ' ' }, content: '${BLANK}' } into the normalizer instead`);
  const prepends = rest.filter((step) => step.type === 'Prepend' && step.prepend === BLANK).length;
  const replaces = rest.filter((step) => step.type === 'Replace' && 'String' in step.pattern && step.pattern.String === ' ' && step.content === BLANK).length;
  if (prepends > 1 || replaces > 1 || prepends + replaces !== rest.length) {
    throw inTheWay('a normalizer that does what SentencePiece does', rest.map(({ type }) => type).join(', '), `Use Prepend ${BLANK} and Replace " " by ${BLANK}, behind a Precompiled charsmap if there is one`);
  }
  if (replaces === 0 && scheme === undefined) throw inTheWay(`blanks to become ${BLANK}`, 'a normalizer and a pre-tokenizer that leave them', `Add a Metaspace with prepend_scheme "never"`);
  return { charsmap, addDummyPrefix: prepends === 1, removeExtraWhitespaces: false, splits };
}

function flat(normalizer: NormalizerJson | null): NormalizerJson[] {
  return normalizer === null ? [] : normalizer.type === 'Sequence' ? normalizer.normalizers.flatMap(flat) : [normalizer];
}

/** Several blanks as one. */
function isSqueeze(step: NormalizerJson): boolean {
  return step.type === 'Replace' && 'Regex' in step.pattern && step.pattern.Regex === ' {2,}' && (step.content === BLANK || step.content === ' ');
}

function metaspaceOf(preTokenizer: PreTokenizerJson | null): { scheme: 'always' | 'first' | 'never' | undefined; splits: boolean; words: boolean } {
  if (preTokenizer === null) return { scheme: undefined, splits: false, words: false };
  const steps = preTokenizer.type === 'Sequence' ? preTokenizer.pretokenizers : [preTokenizer];
  const words = steps[0]?.type === 'WhitespaceSplit';
  const [metaspace, ...more] = words ? steps.slice(1) : steps;
  if (metaspace?.type !== 'Metaspace' || metaspace.replacement !== BLANK || more.length > 0) {
    throw inTheWay(`the pre-tokenizer to be Metaspace with ${BLANK}, or none`, steps.map(({ type }) => type).join(', '), 'SentencePiece knows no byte-level alphabet and cuts at no punctuation');
  }
  return { scheme: metaspace.prepend_scheme, splits: metaspace.split, words };
}
