import { readPattern } from '../aligned/read-pattern.ts';
import { booleanAt, field, integerAt, objectAt, stringAt, unsupported } from '../json-fields.ts';
import { stepsOf } from '../normalizers/read-normalizer.ts';
import { readByteLevel, readMetaspace } from '../pre-tokenizers/read-pre-tokenizer.ts';
import type { DecoderJson } from '../tokenizer-json.ts';
import { type Decoder, fuse, inSequence } from './decoder.ts';
import { bpeDecoder, byteFallbackDecoder, byteLevelDecoder, ctcDecoder, metaspaceDecoder, replaceDecoder, stripDecoder, wordPieceDecoder } from './decoders.ts';

export interface ReadDecoder {
  readonly json: DecoderJson | null;
  readonly run: Decoder;
}

/** Checks a `decoder` and makes it run; without one, tokens are put together with blanks between them. */
export function readDecoder(value: unknown, path: string = 'decoder', depth: number = 0): ReadDecoder {
  if (value === null || value === undefined) return { json: null, run: (tokens) => [tokens.join(' ')] };
  const fields = objectAt(value, path);
  const type = stringAt(field(fields, 'type'), `${path}.type`);
  const at = (name: string): string => `${path}.${name}`;
  const text = (name: string, missing?: string): string => stringAt(field(fields, name) ?? missing, at(name));
  const flag = (name: string): boolean => booleanAt(field(fields, name), at(name), true);
  switch (type) {
    case 'ByteLevel': return { json: readByteLevel(fields, path), run: byteLevelDecoder };
    case 'WordPiece': {
      const [prefix, cleanup] = [text('prefix'), flag('cleanup')];
      return { json: { type, prefix, cleanup }, run: wordPieceDecoder({ prefix, cleanup }) };
    }
    case 'Metaspace': {
      const json = readMetaspace(fields, path);
      return { json, run: metaspaceDecoder({ replacement: json.replacement, prepends: json.prepend_scheme !== 'never' }) };
    }
    case 'BPEDecoder': {
      const suffix = text('suffix', '</w>');
      return { json: { type, suffix }, run: bpeDecoder({ suffix }) };
    }
    case 'CTC': {
      const [padding, delimiter, cleanup] = [text('pad_token'), text('word_delimiter_token'), flag('cleanup')];
      return { json: { type, pad_token: padding, word_delimiter_token: delimiter, cleanup }, run: ctcDecoder({ padding, delimiter, cleanup }) };
    }
    case 'Replace': {
      const { json, pattern } = readPattern(field(fields, 'pattern'), at('pattern'));
      const content = text('content');
      return { json: { type, pattern: json, content }, run: replaceDecoder(pattern, content) };
    }
    case 'ByteFallback': return { json: { type }, run: byteFallbackDecoder };
    case 'Fuse': return { json: { type }, run: fuse };
    case 'Strip': {
      const [content, start, stop] = [text('content'), integerAt(field(fields, 'start'), at('start')), integerAt(field(fields, 'stop'), at('stop'))];
      return { json: { type, content, start, stop }, run: stripDecoder({ content, start, stop }) };
    }
    case 'Sequence': {
      const steps = stepsOf(field(fields, 'decoders'), at('decoders'), depth).map((step, i) => readDecoder(step, `${at('decoders')}[${i}]`, depth + 1));
      return { json: { type, decoders: steps.map(({ json }) => json!) }, run: inSequence(steps.map(({ run }) => run)) };
    }
    default: throw unsupported(at('type'), type, 'ByteLevel, WordPiece, Metaspace, BPEDecoder, CTC, Replace, ByteFallback, Fuse, Strip or Sequence');
  }
}
