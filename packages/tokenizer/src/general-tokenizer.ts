import { addedTokenSplitter } from './added-tokens.ts';
import { alignedText, sliced } from './aligned/aligned-text.ts';
import { tokenToBytes } from './byte-level.ts';
import { checkId, checkIds } from './decode-bytes.ts';
import { byteOf } from './decoders/decoders.ts';
import { byteStream, neighbourStream } from './decoders/streams.ts';
import type { ReadDecoder } from './decoders/read-decoder.ts';
import { finishOffsets, spacesAround, trimSteps } from './encode-with-offsets.ts';
import type { TokenModel } from './models/model.ts';
import type { ReadModel } from './models/read-model.ts';
import type { ReadNormalizer } from './normalizers/read-normalizer.ts';
import type { ReadPreTokenizer } from './pre-tokenizers/read-pre-tokenizer.ts';
import { templateIds } from './template-ids.ts';
import { checkText } from './tokenizer-error.ts';
import type { DecodeOptions, EncodeOptions, OffsetOptions, Tokenizer } from './tokenizer.ts';
import type { AddedTokenJson, PostProcessorJson, TokenizerJson } from './tokenizer-json.ts';

/** All that a tokenizer of any kind is made of, already checked. */
export interface GeneralParts {
  readonly added: readonly AddedTokenJson[];
  readonly normalizer: ReadNormalizer;
  readonly preTokenizer: ReadPreTokenizer;
  readonly postProcessor: PostProcessorJson | null;
  readonly decoder: ReadDecoder;
  readonly model: Pick<ReadModel, 'tokens'>;
  /** How the model cuts a piece. */
  readonly cut: TokenModel;
  readonly json: () => TokenizerJson;
}

interface Found {
  readonly ids: number[];
  /** In UTF-16 units of the given text, from, to, from, to, …; empty where they are not asked for. */
  readonly at: number[];
  /** What an added token was found as, by its place among the ids. */
  readonly written: Map<number, string>;
}

/** The {@link Tokenizer} of any tokenizer.json: normalizer, pre-tokenizer, model, post-processor, one after the other on strings. */
export function generalTokenizer({ added, normalizer, preTokenizer, postProcessor, decoder, model, cut, json }: GeneralParts): Tokenizer {
  const normalized = (text: string): string => normalizer.run(alignedText(text, { at: 0, tracked: false })).text;
  const tokens = [...model.tokens];
  for (const { id } of added) while (tokens.length < id) tokens.push('');
  // What is looked for in normalized text is told as it is found there.
  for (const token of added) tokens[token.id] = token.normalized ? normalized(token.content) : token.content;
  const ids = new Map([...tokens.map((token, id) => [token, id] as const), ...added.map(({ content, id }) => [content, id] as const)]);
  const special = new Set(added.filter((token) => token.special).map((token) => token.id));
  const addedIds = new Set(added.map(({ id }) => id));
  const splitRaw = addedTokenSplitter(added.filter((token) => !token.normalized));
  const splitNormalized = addedTokenSplitter(added.filter((token) => token.normalized), (token) => normalized(token.content));
  const trims = trimSteps(postProcessor);
  const bytesOfByteLevel = isByteLevel(decoder.json);

  function find(given: string, { allowSpecial = false, most = Infinity, places }: { allowSpecial?: EncodeOptions['allowSpecial']; most?: number; places: boolean }): Found {
    const found: Found = { ids: [], at: [], written: new Map() };
    // Each part would see something else in half a character.
    const text = given.replace(HALF, '\ufffd');
    const tracked = places || preTokenizer.needsPlaces || typeof allowSpecial === 'function';
    const put = (id: number, from: number, to: number, written?: string): void => {
      if (written !== undefined) found.written.set(found.ids.length, written);
      found.ids.push(id);
      found.at.push(from, to);
    };
    for (const raw of splitRaw(text, { allowSpecial })) {
      if (found.ids.length >= most) break;
      if ('id' in raw) {
        put(raw.id, raw.from, raw.to, text.slice(raw.from, raw.to));
        continue;
      }
      const whole = normalizer.run(alignedText(raw.text, { at: raw.from, tracked }));
      const { from: begins, to: ends } = whole;
      const allow = typeof allowSpecial === 'function' ? (from: number, to: number): boolean => allowSpecial(begins![from]!, ends![to - 1]!) : allowSpecial;
      for (const segment of splitNormalized(whole.text, { allowSpecial: allow })) {
        if ('id' in segment) {
          put(segment.id, begins?.[segment.from] ?? 0, ends?.[segment.to - 1] ?? 0, whole.text.slice(segment.from, segment.to));
          continue;
        }
        for (const piece of preTokenizer.run(sliced(whole, segment.from, segment.to))) {
          if (found.ids.length >= most) break;
          if (piece.text === '') continue;
          const { ids: cuts, at } = cut(piece.text);
          cuts.forEach((id, i) => put(id, piece.from?.[at[2 * i]!] ?? 0, piece.to?.[at[2 * i + 1]! - 1] ?? 0));
        }
      }
    }
    return found;
  }

  const around = (wanted: boolean): { before: readonly number[]; after: readonly number[] } => (wanted ? templateIds(postProcessor) : { before: [], after: [] });
  const textsOf = (sequence: Iterable<number>, { skipSpecial = false }: DecodeOptions): string[] => {
    checkIds(sequence);
    const texts: string[] = [];
    for (const id of sequence) {
      checkId('decode', id, tokens.length);
      if (!(skipSpecial && special.has(id)) && tokens[id]) texts.push(tokens[id]);
    }
    return texts;
  };
  const decode = (sequence: Iterable<number>, options: DecodeOptions = {}): string => decoder.run(textsOf(sequence, options)).join('');

  return {
    size: tokens.length,
    specialTokens: new Map(added.filter((token) => token.special).map((token) => [token.content, token.id])),
    encode(text, { allowSpecial = false, addSpecialTokens = false, maxTokens = Infinity } = {}) {
      checkText('encode', text);
      const { before, after } = around(addSpecialTokens);
      const all = [...before, ...find(text, { allowSpecial, most: maxTokens, places: false }).ids, ...after];
      return Uint32Array.from(all.slice(0, maxTokens));
    },
    encodeWithOffsets(text, { allowSpecial = false, addSpecialTokens = false, unit = 'utf16', trimOffsets = true }: OffsetOptions = {}) {
      checkText('encodeWithOffsets', text);
      const found = find(text, { allowSpecial, places: true });
      const { before, after } = around(addSpecialTokens);
      const all = Uint32Array.from([...before, ...found.ids, ...after]);
      const offsets = new Uint32Array(2 * all.length);
      const spaces = (i: number): readonly [before: number, after: number] => spacesAround(found.written.get(i) ?? tokens[found.ids[i]!]!);
      offsets.set(finishOffsets(text, found.at, { unit, spaces, trims: trimOffsets ? trims : [] }), 2 * before.length);
      return { ids: all, offsets };
    },
    decode,
    idToBytes(id) {
      checkId('idToBytes', id, tokens.length);
      const token = tokens[id];
      if (!token || special.has(id)) return new Uint8Array(0);
      const utf8 = new TextEncoder();
      if (addedIds.has(id)) return utf8.encode(token);
      if (bytesOfByteLevel) return tokenToBytes(token) ?? utf8.encode(token);
      const byte = byteOf(token);
      if (byte !== undefined) return Uint8Array.of(byte);
      // What it adds behind another token.
      return utf8.encode(decoder.run([ANCHOR, token]).join('').slice(ANCHOR.length));
    },
    tokenToId: (token) => ids.get(token),
    idToToken: (id) => tokens[id] || undefined,
    streamDecoder(options = {}) {
      // Bytes alone need no neighbours.
      if (decoder.json?.type === 'ByteLevel') return byteStream((id) => textsOf([id], options)[0] ?? '');
      return neighbourStream((sequence) => decode(sequence, options), bytesOfByteLevel ? undefined : (id) => byteOf(tokens[id]!));
    },
    toJSON: json,
  };
}

const ANCHOR = 'a';
const HALF = /\p{Surrogate}/gu;

function isByteLevel(decoder: ReadDecoder['json']): boolean {
  return decoder?.type === 'ByteLevel' || (decoder?.type === 'Sequence' && decoder.decoders.some(isByteLevel));
}
