import type { AddedTokenSplitter } from './added-tokens.ts';
import { tokenToBytes } from './byte-level.ts';
import { type Aligned, alignedText } from './aligned/aligned-text.ts';
import { idSink, type IdSink } from './id-sink.ts';
import { toForm } from './normalizers/unicode-form.ts';
import type { OffsetOptions, TokenOffsets } from './tokenizer.ts';
import type { PostProcessorJson } from './tokenizer-json.ts';

/** The parts of a tokenizer that offsets need. */
export interface OffsetParts {
  readonly splitRaw: AddedTokenSplitter;
  readonly splitNormalized: AddedTokenSplitter;
  readonly hasNfc: boolean;
  /** Appends the ids of a text without added tokens, with the prefix space where there is one. */
  readonly encodeText: (text: string, sink: IdSink) => void;
  /** The tokens of the model, by id. */
  readonly modelTokens: readonly string[];
  readonly prefixSpace: boolean;
  readonly postProcessor: PostProcessorJson | null;
  readonly template: () => { before: readonly number[]; after: readonly number[] };
}

interface Spans {
  readonly ids: number[];
  /** In UTF-16 units, from, to, from, to, … */
  readonly at: number[];
  /** What an added token was found as, by its place among the ids. */
  readonly written: Map<number, string>;
}

const SPACE = /[\p{White_Space}\u0120]/u;

/** Returns the function behind `encodeWithOffsets`. */
export function offsetEncoder(parts: OffsetParts): (text: string, options: OffsetOptions) => TokenOffsets {
  const { splitRaw, splitNormalized, hasNfc, modelTokens, prefixSpace } = parts;
  const trims = trimSteps(parts.postProcessor);
  const spacesOf = remembered((id) => spacesAround(modelTokens[id]!));
  // Made when offsets are first asked for.
  let lengths: Uint32Array | undefined;

  /** The spans of a stretch of text without added tokens; `place` tells where its unit i comes from. */
  function spansOfText(text: string, place: Place, spans: Spans): void {
    lengths ??= Uint32Array.from(modelTokens, (token) => tokenToBytes(token)?.length ?? 0);
    const sink = idSink((text.length >> 1) + 16);
    parts.encodeText(text, sink);
    const prefixed = prefixSpace && !text.startsWith(' ');
    // The character at hand: its first unit, the units and bytes it has, and the byte after it. The prefix has the first one's place.
    let unit = 0;
    let size = prefixed ? 0 : unitsAt(text, 0);
    let byteEnd = prefixed ? 1 : bytesAt(text, 0);
    let done = 0;
    const reach = (byte: number): void => {
      while (byte >= byteEnd) {
        unit += size;
        size = unitsAt(text, unit);
        byteEnd += bytesAt(text, unit);
      }
    };
    for (const id of sink.finish()) {
      reach(done);
      const from = place.from(unit);
      done += lengths[id]!;
      reach(done - 1);
      spans.ids.push(id);
      spans.at.push(from, place.to(unit));
    }
  }

  return (text, { allowSpecial = false, addSpecialTokens = false, unit = 'utf16', trimOffsets = true }) => {
    const spans: Spans = { ids: [], at: [], written: new Map() };
    const added = (id: number, written: string, from: number, to: number): void => {
      spans.written.set(spans.ids.length, written);
      spans.ids.push(id);
      spans.at.push(from, to);
    };
    for (const raw of splitRaw(text, { allowSpecial })) {
      if ('id' in raw) {
        added(raw.id, text.slice(raw.from, raw.to), raw.from, raw.to);
        continue;
      }
      const aligned = hasNfc ? toForm(alignedText(raw.text, { at: 0, tracked: true }), 'NFC') : { text: raw.text, from: undefined, to: undefined };
      const inner = placeOf(aligned, raw.from, 0);
      const allow = typeof allowSpecial === 'function' ? (from: number, to: number): boolean => allowSpecial(inner.from(from), inner.to(to - 1)) : allowSpecial;
      for (const segment of splitNormalized(aligned.text, { allowSpecial: allow })) {
        if ('id' in segment) added(segment.id, aligned.text.slice(segment.from, segment.to), inner.from(segment.from), inner.to(segment.to - 1));
        else spansOfText(segment.text, placeOf(aligned, raw.from, segment.from), spans);
      }
    }
    const spaces = (i: number): Spaces => (spans.written.has(i) ? spacesAround(spans.written.get(i)!) : spacesOf(spans.ids[i]!));
    const offsets = finishOffsets(text, spans.at, { unit, spaces, trims: trimOffsets ? trims : [] });
    const template = addSpecialTokens ? parts.template() : { before: [], after: [] };
    const ids = Uint32Array.from([...template.before, ...spans.ids, ...template.after]);
    const all = new Uint32Array(2 * ids.length);
    all.set(offsets, 2 * template.before.length);
    return { ids, offsets: all };
  };
}

/** Where the character at unit i of a stretch begins and ends in the text as given. */
interface Place {
  from(unit: number): number;
  to(unit: number): number;
}

function placeOf({ text, from, to }: Aligned, shift: number, start: number): Place {
  if (!from || !to) return { from: (unit) => shift + start + unit, to: (unit) => shift + start + unit + unitsAt(text, start + unit) };
  return { from: (unit) => shift + from[start + unit]!, to: (unit) => shift + to[start + unit]! };
}

function unitsAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function bytesAt(text: string, at: number): number {
  const code = text.codePointAt(at) ?? 0;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

type Spaces = readonly [before: number, after: number];

function remembered(find: (id: number) => Spaces): (id: number) => Spaces {
  const known: Spaces[] = [];
  return (id) => (known[id] ??= find(id));
}

/** How many blanks a token has before and behind everything else. */
export function spacesAround(token: string): Spaces {
  const first = token[0] ?? '';
  const last = token.at(-1) ?? '';
  if (!SPACE.test(first) && !SPACE.test(last)) return [0, 0];
  const chars = Array.from(token, (char) => SPACE.test(char));
  const before = chars.indexOf(false);
  if (before < 0) return [chars.length, chars.length];
  return [before, chars.length - 1 - chars.lastIndexOf(false)];
}

/** Each ByteLevel step of the post-processor trims once more, as it does in the reference. */
export function trimSteps(processor: PostProcessorJson | null): { prefixSpace: boolean }[] {
  const steps = processor?.type === 'Sequence' ? processor.processors : processor ? [processor] : [];
  return steps.flatMap((step) => ((step.type === 'ByteLevel' || step.type === 'RobertaProcessing') && step.trim_offsets ? [{ prefixSpace: step.add_prefix_space }] : []));
}

/** Offsets trimmed and in the wanted unit. The reference counts code points, so that is what is trimmed. */
export function finishOffsets(text: string, at: readonly number[], { unit, spaces, trims }: {
  unit: 'utf16' | 'codePoint'; spaces: (index: number) => Spaces; trims: readonly { prefixSpace: boolean }[];
}): Uint32Array {
  const offsets = Uint32Array.from(at);
  if (trims.length === 0 && unit === 'utf16') return offsets;
  const pairs = /[\ud800-\udbff][\udc00-\udfff]/.test(text) ? unitsOfCodePoints(text) : undefined;
  if (pairs) for (let i = 0; i < offsets.length; i++) offsets[i] = pairs.codePoint[offsets[i]!]!;
  for (const { prefixSpace } of trims) {
    for (let i = 0; i < offsets.length; i += 2) {
      const from = offsets[i]!;
      const to = offsets[i + 1]!;
      const isFirst = i === 0 || from === 0;
      const [before, after] = spaces(i / 2);
      const start = Math.min(from + (isFirst && prefixSpace && before === 1 ? 0 : before), to);
      offsets[i] = start;
      if (to >= after) offsets[i + 1] = Math.max(to - after, start);
    }
  }
  if (pairs && unit === 'utf16') for (let i = 0; i < offsets.length; i++) offsets[i] = pairs.unit[offsets[i]!]!;
  return offsets;
}

function unitsOfCodePoints(text: string): { codePoint: Uint32Array; unit: Uint32Array } {
  const codePoint = new Uint32Array(text.length + 1);
  const unit = new Uint32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; ) {
    const size = unitsAt(text, i);
    unit[count] = i;
    codePoint[i] = count;
    if (size === 2) codePoint[i + 1] = count;
    i += size;
    count++;
  }
  codePoint[text.length] = count;
  unit[count] = text.length;
  return { codePoint, unit };
}
