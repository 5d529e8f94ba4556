import { CliError, costOf, criteriaOf, EXIT, eventRecord, GATES, judge, METRICS, reportHtml, UsageError, verdictText, versionRecord } from '@llm/pipeline';
import { expect } from '../expect.mjs';

// A file of TensorBoard events, made where there is no file system.
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
expect(hex(versionRecord(1).subarray(12, 21)) === '09000000000000f03f', 'an event of second 1');
const record = eventRecord({ wallTime: 1, step: 2, scalars: { loss: 0.5 }, texts: { sample: 'naïve <b>' } });
expect(hex(record).includes('0a046c6f7373150000003f'), 'the loss under its name, as a float');
expect(record.length === 16 + record[0] && hex(record.subarray(1, 8)) === '00000000000000', 'the length before the event');
expect(new TextDecoder().decode(record).includes('naïve <b>'), 'the text of the sample');

// The report of a run, from what its folder holds.
const run = {
  formatVersion: 1, name: 'tiny <run>', createdAt: '2025-01-01T00:00:00Z',
  settings: {
    data: { paths: ['text'], filters: 'none', validationShare: 0.1, tokenizerBytes: 1, validationBytes: 1 },
    tokenizer: { vocabSize: 300, split: 'gpt2', file: null }, model: { model_type: 'llama' },
    training: { steps: 2, batch: 1, length: 8, accumulate: 1, lr: 0.1, minRatio: 0, warmupSteps: 1, beta1: 0.9, beta2: 0.95, weightDecay: 0, clipNorm: 1, seed: 0, checkpointed: false, evalEvery: 1, evalRows: 1, sampleEvery: 1, saveEvery: 1 },
    samples: { prompts: ['The '], maxTokens: 1, temperature: 1 },
  },
  data: { sha256: '00', documents: 1, bytes: 1, trainDocuments: 1, trainTokens: 1, validationDocuments: 1, validationTokens: 1, validationBytes: 1 },
  tokenizerSha256: '00', tokenizerSize: 300, environment: { llm: '0.1.0' }, device: { name: 'wasm', description: 'one thread', threads: 1, peakFlops: null },
};
const amount = { documents: 1, characters: 1, bytes: 1 };
const data = {
  filters: { name: 'none', description: 'Nothing is dropped', relaxed: [] }, ledger: { in: amount, out: amount, dropped: [], skipped: [] },
  examples: [], compressions: [], tokenizer: { size: 300, trainedOnBytes: 1, bytesPerToken: 2, longest: [] },
};
const lines = [4, 3].map((loss, step) => ({ step, time: step, loss, lr: 0.1, grad_norm: 1, tokens: 8, seconds: 1, tokens_per_second: 8, samples: [{ prompt: 'The ', text: '<script>' }] }));
const page = reportHtml({ record: run, data, lines });
expect(page.startsWith('<!doctype html>') && page.includes('tiny &lt;run&gt;') && !page.includes('<script'), 'a report whose texts are escaped');

// Errors tell apart what was mistyped and what went wrong, and how a command ends.
expect(new UsageError('mistyped').code === 'E_USAGE' && new CliError('E_MEMORY', 'too large').code === 'E_MEMORY', 'errors with a code');
expect(EXIT.ok === 0 && EXIT.failure === 1 && EXIT.usage === 2 && EXIT.gate === 3, 'exit codes');

// A gate over figures from anywhere, what work costs, and texts without secrets.
const asked = criteriaOf('sft', { lifecycle: 'x', steps: { sft: { run: 'sft', gate: 'sft' } } });
const [verdict] = judge(asked, { id: 'sft', measured: () => ({ figures: { 'val/exact_match': 0.5 }, before: {} }) });
expect(!verdict.passed && verdictText(verdict) === 'instruction_follow (val/exact_match) 0.500, wanted > 0.85; task_completion not measured', 'a gate that is not passed');
expect(Object.keys(GATES).length === 4 && METRICS.perplexity !== undefined, 'the four gates and their metrics');
expect(costOf({ seconds: 3600 }, { watts: 1000, pricePerKwh: 0.5 }).money === 0.5, 'a kilowatt-hour');
