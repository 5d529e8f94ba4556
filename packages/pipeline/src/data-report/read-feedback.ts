import { createReadStream } from 'node:fs';
import { DataError, type FeedbackRecord, type FeedbackSummary, readLines, summarizeFeedback, toFeedback } from '@llm/data-quality';

/** What users said, one record a line. */
export async function readFeedback(file: string): Promise<FeedbackSummary> {
  const records: FeedbackRecord[] = [];
  let line = 0;
  for await (const text of readLines(createReadStream(file), { source: file })) {
    line++;
    if (text.trim() === '') continue;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (cause) {
      throw new DataError('E_FEEDBACK', { problem: 'llm data: expected JSON but found something else', remedy: 'Write {"id": …, "verdict": "bad", "reason": …} on each line.', file, line, cause });
    }
    records.push(toFeedback(parsed, { file, line }));
  }
  return summarizeFeedback(records);
}
