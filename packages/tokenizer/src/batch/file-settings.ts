import type { Tokenizer } from '../tokenizer.ts';
import type { PostProcessorJson } from '../tokenizer-json.ts';
import type { TruncationOptions } from './cut-lengths.ts';
import type { PaddingOptions } from './padding-options.ts';

/** What a tokenizer's file says of rows. */
interface FileSettings {
  readonly processor: PostProcessorJson | null;
  readonly truncation: TruncationOptions | null;
  readonly padding: PaddingOptions | null;
}

const STRATEGIES = { LongestFirst: 'longestFirst', OnlyFirst: 'onlyFirst', OnlySecond: 'onlySecond' } as const;
const DIRECTIONS = { Left: 'left', Right: 'right' } as const;

// The file is written out once for each tokenizer, since it holds the whole vocabulary.
const known = new WeakMap<Tokenizer, FileSettings>();

/** The post-processor of `tokenizer`, and its truncation and padding as options. */
export function fileSettings(tokenizer: Tokenizer): FileSettings {
  let settings = known.get(tokenizer);
  if (settings === undefined) {
    const { post_processor: processor, truncation, padding } = tokenizer.toJSON();
    settings = {
      processor,
      truncation: truncation && { maxLength: truncation.max_length, strategy: STRATEGIES[truncation.strategy], direction: DIRECTIONS[truncation.direction] },
      padding: padding && {
        ...(padding.strategy === 'BatchLongest' ? {} : { length: padding.strategy.Fixed }),
        multipleOf: padding.pad_to_multiple_of ?? 1, direction: DIRECTIONS[padding.direction], id: padding.pad_id, typeId: padding.pad_type_id,
      },
    };
    known.set(tokenizer, settings);
  }
  return settings;
}
