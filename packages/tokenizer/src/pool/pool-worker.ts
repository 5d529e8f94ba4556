// The module of a thread of a tokenizer pool.
import { encodeRows } from '../batch/encode-batch.ts';
import { fileSettings } from '../batch/file-settings.ts';
import { readSentencePiece } from '../sentencepiece/read-sentencepiece.ts';
import { tokenizerFromJson } from '../tokenizer-from-json.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { PoolAnswer, PoolRequest } from './pool-messages.ts';
import { answerMessages } from './pool-thread.ts';

let tokenizer: Tokenizer | undefined;

function answer(request: PoolRequest): PoolAnswer {
  try {
    if ('source' in request) {
      tokenizer = 'json' in request.source ? tokenizerFromJson(JSON.parse(request.source.json)) : readSentencePiece(request.source.sentencePiece);
      return { padding: fileSettings(tokenizer).padding };
    }
    return { rows: encodeRows(tokenizer!, request.texts, request.options) };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

answerMessages((request) => {
  const message = answer(request as PoolRequest);
  return { message, transfer: 'rows' in message ? [message.rows.ids.buffer, message.rows.rowOffsets.buffer, message.rows.typeIds.buffer] : [] };
});
