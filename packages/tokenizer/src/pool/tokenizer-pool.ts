import type { BatchOptions } from '../batch/encode-batch.ts';
import { checkTexts } from '../batch/check-texts.ts';
import type { EncodedBatch, EncodedRows, Texts } from '../batch/encoded-batch.ts';
import { joinRows } from '../batch/join-rows.ts';
import type { PaddingOptions } from '../batch/padding-options.ts';
import { sourceOf } from '../sentencepiece/read-sentencepiece.ts';
import { shown, TokenizerError } from '../tokenizer-error.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { TokenizerJson } from '../tokenizer-json.ts';
import { cutTexts } from './cut-texts.ts';
import type { PoolAnswer, PoolRequest, PoolSource } from './pool-messages.ts';
import { parallelism, type PoolThread, startThread } from './pool-thread.ts';

/** A function can't be sent to a thread, so `allowSpecial` is all or none. */
export interface PoolBatchOptions extends Omit<BatchOptions, 'allowSpecial'> {
  readonly allowSpecial?: boolean;
  /** Gives the batch up: its promise rejects with the reason, and shares that no thread has begun are dropped. */
  readonly signal?: AbortSignal;
}

/** Threads that encode batches. */
export interface TokenizerPool {
  /** How many threads there are. */
  readonly workers: number;
  /** What {@link encodeBatch} gives, by all threads. Several batches may be on their way at once. */
  encodeBatch(texts: Texts, options?: PoolBatchOptions): Promise<EncodedBatch>;
  /** Ends the threads; batches on their way reject. Once is enough, twice does no harm. */
  close(): Promise<void>;
}

/** Something that a thread is asked; it answers in the order that it was asked in. */
interface Task {
  readonly request: PoolRequest;
  /** Whether nobody waits for it any more. */
  readonly dropped: () => boolean;
  readonly settle: (answer: PoolAnswer) => void;
}

// A share takes some milliseconds: far longer than a message, and short enough that all threads end at about the same time.
const SHARE_UNITS = 2 ** 17;
const LEAST_UNITS = 2 ** 13;
/** The next share is there when one is done. */
const AHEAD = 2;

/**
 * Opens a pool of threads (`worker_threads` in Node, module workers in browsers) that encode batches side by side, with the ids of
 * {@link encodeBatch} in the same order. Texts are cut into shares of about 128 KiB, each thread takes the next one when it is done, and ids come
 * back without a copy; one text is never cut.
 *
 * Each thread reads its own tokenizer from `tokenizer.toJSON()` (from its model for one of `readSentencePiece`), which takes as long as
 * `tokenizerFromJson` and as much memory. So it is for megabytes of text; a few lines are encoded sooner than they are sent.
 *
 * @throws TokenizerError E_TOKENIZER_POOL where a thread can't start; later, from `encodeBatch`, where one ended or the pool is closed.
 * RangeError for `workers` that is no whole number above 0, TypeError for what is no tokenizer. What `tokenizerFromJson` throws.
 *
 * @example
 * ```ts
 * import { encodeBatch, openTokenizerPool, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['low lower lowest'], { vocabSize: 260 });
 * const pool = await openTokenizerPool(tokenizer, { workers: 2 });
 * try {
 *   const { ids, rowOffsets } = await pool.encodeBatch(['low', 'lower', 'lowest']);
 *   const plain = encodeBatch(tokenizer, ['low', 'lower', 'lowest']);
 *   if (ids.join() !== plain.ids.join() || rowOffsets.join() !== plain.rowOffsets.join()) throw new Error('the same rows');
 * } finally {
 *   await pool.close();
 * }
 * ```
 */
export async function openTokenizerPool(tokenizer: Tokenizer | TokenizerJson, { workers = parallelism() }: { readonly workers?: number } = {}): Promise<TokenizerPool> {
  if (!(Number.isInteger(workers) && workers > 0)) throw new RangeError(`openTokenizerPool: expected workers to be a whole number above 0 but found ${String(workers)}. Leave it out for one of each core.`);
  const source = sourceFor(tokenizer);
  const waiting: Task[] = [];
  const threads: { readonly thread: PoolThread; readonly asked: Task[] }[] = [];
  let ended: Error | undefined;
  let closing: Promise<void> | undefined;

  async function terminate(): Promise<void> {
    await Promise.all(threads.map(({ thread }) => thread.terminate()));
  }

  function end(error: Error): Promise<void> {
    if (ended === undefined) {
      ended = error;
      for (const { settle } of [...threads.flatMap(({ asked }) => asked.splice(0)), ...waiting.splice(0)]) settle({ error });
    }
    closing ??= terminate();
    return closing;
  }

  function start(): Promise<PaddingOptions | null> {
    return new Promise((resolve, reject) => {
      const asked: Task[] = [];
      const thread = startThread({
        onMessage(answer) {
          asked.shift()?.settle(answer as PoolAnswer);
          if (asked.length === 0) thread.keepAlive(false);
          handOut();
        },
        onEnd(error) {
          void end(poolError(`openTokenizerPool: expected ${workers} threads but found that one ended: ${error.message}. Open another pool, with fewer workers if memory is short.`, error));
        },
      });
      threads.push({ thread, asked });
      ask(threads.at(-1)!, { request: { source }, dropped: () => false, settle: (answer) => ('padding' in answer ? resolve(answer.padding) : reject(problemOf(answer))) });
    });
  }

  function ask({ thread, asked }: (typeof threads)[number], task: Task): void {
    try {
      thread.post(task.request);
    } catch (error) {
      // A text that is none, and nothing that can be sent.
      task.settle({ error: error as Error });
      return;
    }
    asked.push(task);
    thread.keepAlive(true);
  }

  /** Each thread has a share before one has two. */
  function handOut(): void {
    for (let already = 0; already < AHEAD; already++) {
      for (const each of threads) {
        // Again where a task could not be sent: nothing would call for the next one.
        while (each.asked.length === already) {
          while (waiting[0]?.dropped()) waiting.shift();
          const task = waiting.shift();
          if (task === undefined) return;
          ask(each, task);
        }
      }
    }
  }

  function rowsOf(texts: Texts, { signal, ...options }: PoolBatchOptions): Promise<EncodedRows[]> {
    return new Promise((resolve, reject) => {
      const cuts = cutTexts(texts, { shares: 4 * workers, most: SHARE_UNITS, least: LEAST_UNITS });
      const rows: EncodedRows[] = [];
      let left = cuts.length - 1;
      let settled = false;
      const finish = (settle: () => void): void => {
        if (settled) return;
        settled = true;
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = (): void => finish(() => reject(signal!.reason as Error));
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort);
      if (left === 0) return finish(() => resolve(rows));
      for (let i = 0; i < left; i++) {
        waiting.push({
          request: { texts: texts.slice(cuts[i], cuts[i + 1]), options },
          dropped: () => settled,
          settle(answer) {
            if (!('rows' in answer)) return finish(() => reject(problemOf(answer)));
            rows[i] = answer.rows;
            left--;
            if (left === 0) finish(() => resolve(rows));
          },
        });
      }
      handOut();
    });
  }

  let filePadding: PaddingOptions | null;
  try {
    [filePadding = null] = await Promise.all(Array.from({ length: workers }, start));
  } catch (error) {
    await end(error as Error);
    throw error;
  }
  return {
    workers,
    async encodeBatch(texts, options = {}) {
      if (ended !== undefined) throw ended;
      checkTexts(texts);
      if (typeof options.allowSpecial === 'function') throw new TypeError('encodeBatch: expected allowSpecial to be true or false but found a function, which no thread can call. Use encodeBatch without a pool.');
      const { padding = filePadding } = options;
      return joinRows(await rowsOf(texts, options), padding);
    },
    close: () => end(poolError('encodeBatch: expected a pool that is open but found it closed. Open another pool.')),
  };
}

function sourceFor(tokenizer: Tokenizer | TokenizerJson): PoolSource {
  if (typeof tokenizer !== 'object' || tokenizer === null) throw new TypeError(`openTokenizerPool: expected a tokenizer or a tokenizer.json object but found ${shown(tokenizer)}. Parse the file first where it is text.`);
  // As text, which is copied for each thread in no time; a tree of a million objects is not.
  if (!('encode' in tokenizer)) return { json: JSON.stringify(tokenizer) };
  const sentencePiece = sourceOf(tokenizer);
  return sentencePiece === undefined ? { json: JSON.stringify(tokenizer.toJSON()) } : { sentencePiece };
}

function problemOf(answer: PoolAnswer): Error {
  return 'error' in answer ? answer.error : new Error('encodeBatch: expected rows but found another answer');
}

function poolError(message: string, cause?: Error): TokenizerError {
  const error = new TokenizerError('E_TOKENIZER_POOL', message);
  if (cause !== undefined) error.cause = cause;
  return error;
}
