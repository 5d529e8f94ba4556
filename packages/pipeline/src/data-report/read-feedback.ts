import { DataError, type FeedbackRecord, type FeedbackSummary, summarizeFeedback, toFeedback } from '@llm/data-quality';
import { readJsonRecords } from '@llm/data-quality/node';

/** What users said, one record a line. */
export async function readFeedback(file: string): Promise<FeedbackSummary> {
  const records: FeedbackRecord[] = [];
  for await (const record of readJsonRecords(file)) {
    const { line, error } = record;
    if (error?.code === 'E_JSON') throw new DataError('E_FEEDBACK', { problem: 'llm data: expected JSON but found something else', remedy: 'Write {"id": …, "verdict": "bad", "reason": …} on each line.', file, line, cause: error });
    if (error !== undefined) throw error;
    records.push(toFeedback(record.value, { file, line }));
  }
  return summarizeFeedback(records);
}
