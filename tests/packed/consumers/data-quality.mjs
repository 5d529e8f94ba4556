import {
  codePoints, createLedger, englishWords, exactDedup, filterDocuments, gopherQuality, gopherRepetition, gunzip, normalizeForDedup, readJsonl, readLines,
  readMarkdown, readText, utf8Bytes,
} from '@llm/data-quality';
import { expect } from '../expect.mjs';

const streamOf = (text) => new Blob([text]).stream();
async function collect(values) {
  const list = [];
  for await (const value of values) list.push(value);
  return list;
}

const lines = await collect(readLines(gunzip(streamOf('one\ntwo\n').pipeThrough(new CompressionStream('gzip')))));
expect(lines.join() === 'one,two', `one,two but found ${lines}`);
const [row] = await collect(readJsonl(streamOf('{"text":"hello"}\n'), { source: 'a.jsonl' }));
expect(row.text === 'hello', 'a document of the JSON line');
const [text] = await collect(readText(streamOf('Hello.\r\n'), { id: 'a' }));
expect(text.text === 'Hello.\n', 'a document of plain text');
const [markdown] = await collect(readMarkdown(streamOf('# Title\n')));
expect(markdown.text.includes('Title'), 'a document of Markdown');

const ledger = createLedger();
const documents = [{ id: 'a', text: 'Too short.' }, { id: 'b', text: 'Too short.' }];
const kept = await collect(filterDocuments(documents, [exactDedup(), gopherRepetition(), gopherQuality()], { ledger }));
expect(kept.length === 0, 'both documents to be dropped');
expect(ledger.toJSON().dropped.length > 0, 'the ledger to say why');
expect(normalizeForDedup('a  b') === normalizeForDedup('a b'), 'white space not to matter');
expect(englishWords("Don't panic.").length > 0, 'words');
expect(codePoints('😀') === 1 && utf8Bytes('😀') === 4, 'one code point in four bytes');

import {
  bloomDedup, c4BadWords, c4Paragraph, c4Quality, createFastMinhash, createMinhash, createMinhashIndex, decontaminate, englishSentences, finewebFilters,
  finewebQuality, nearDuplicates, sentenceDedup, similarity, simplifyText, unigramFilter, urlFilter,
} from '@llm/data-quality';

const reasonOf = (filter, document) => filter.check({ id: 'x', text: '', ...document }).reason;
const running = 'One two three four five six. Seven eight nine ten eleven twelve! ';
expect(englishSentences(running).length === 2, 'two sentences');
expect(reasonOf(c4Quality(), { text: running }) === 'too_few_sentences', 'two sentences to be too few');
expect(reasonOf(c4Paragraph(), { text: running }) === '< 3 paragraphs', 'one line to be too few');
expect(reasonOf(c4BadWords({ words: { en: ['seven'] } }), { text: running }) === 'document_removed_with_badwords', 'the word to be found');
expect(reasonOf(finewebQuality(), { text: 'Home\nAbout' }) === 'line_punct_ratio', 'no line to end a sentence');
expect(finewebFilters().length === 4, 'four filters');
expect(reasonOf(urlFilter({ domains: ['bad.org'] }), { source: 'https://www.bad.org/' }) === 'domain', 'the domain to be found');
expect(reasonOf(unigramFilter({ counts: new Map([['the', 1]]) }), { text: 'xyz' }) === 'unigram_log_prob', 'the word to be rare');
expect(simplifyText('Déjà 3.5!') === 'deja 0', 'the text to be simplified');
for (const minhash of [createMinhash(), createFastMinhash()]) {
  expect(similarity(minhash.signature(running), minhash.signature(running.toUpperCase()), minhash) === 1, 'case not to matter');
  const index = createMinhashIndex(minhash);
  for (const each of [running, 'too short', running]) index.add(each);
  const filter = nearDuplicates(index.clusters());
  expect([running, 'too short', running].map((each) => reasonOf(filter, { text: each })).join() === ',,near_duplicate', 'the third document to go');
}
const sentences = sentenceDedup({ sentences: 2 });
expect(reasonOf(sentences, { text: running }) === undefined && reasonOf(sentences, { text: running }) === 'sentence_dedup_short_doc', 'the second to be repeated');
const bloom = bloomDedup({ bits: 1024, hashes: 2, ngrams: 5 });
expect(reasonOf(bloom, { text: running }) === undefined && reasonOf(bloom, { text: running }) === 'bloom_duplicate', 'the second to be seen');
expect(reasonOf(decontaminate({ examples: [{ task: 'quiz', label: 'five six seven eight' }], ngrams: 4 }), { text: running }) === 'contaminated', 'the answer to be found');

import {
  answerCompleteness, checkManifest, COLLECTION_KINDS, countTokensBy, coveringSample, createManifest, DataError, difficultyBuckets, diffManifests, findPii,
  identifyLanguage, instructionClarity, instructionFollowingDifficulty, isChineseId, isIban, isLuhn, jsonlBytes, languageFilter, licensePolicy, mixDocuments, mixTable, parseSpdx, piiFormatter,
  piiRedactor, planMix, provenanceOf, readCsv, replacePii, satisfiesSpdx, scoreSft, SFT_DIMENSIONS, sourceDrift, sourceStatistics, styleConsistency, styleProfile,
  taskDiversity, taskKind, toSftExample, withProvenance,
} from '@llm/data-quality';

const personal = 'ann@mail.cn 13800138000 8.8.8.8';
expect(replacePii(personal, findPii(personal)) === '[EMAIL] [PHONE] [IP]', 'three labels');
expect(piiRedactor().check({ id: 'a', text: personal }).document.text === '[EMAIL] [PHONE] [IP]', 'a document with labels');
expect(piiFormatter().check({ id: 'a', text: personal }).document.text === 'email@example.com 13800138000 22.214.171.124', 'addresses of nobody');
expect(isLuhn('4111111111111111') && isIban('GB82WEST12345698765432') && isChineseId('11010519491231002X'), 'checks to hold');

expect(satisfiesSpdx(parseSpdx('MIT OR Zlib'), ({ license }) => license === 'Zlib'), 'one of two licences to do');
const [labelled] = await collect(withProvenance([{ id: 'a', text: 'x y' }], { source: 'web', collection: COLLECTION_KINDS[0], license: 'Zlib' }));
expect(provenanceOf(labelled).license === 'Zlib' && reasonOf(licensePolicy({ allow: ['MIT'] }), labelled) === 'license_not_allowed', 'the licence to be refused');
const version = await createManifest([labelled], { name: 'x' });
expect((await checkManifest(JSON.parse(JSON.stringify(version)))).documents === 1, 'a whole manifest');
expect(diffManifests(version, await createManifest([], { name: 'x' })).removed.join() === 'a', 'one document to be gone');
const statistics = await sourceStatistics([labelled]);
expect(sourceDrift(statistics, statistics).every(({ psi, drifted }) => psi === 0 && !drifted), 'no drift from itself');

const amounts = await countTokensBy([labelled]);
const plan = planMix(amounts, { budgetTokens: 6 });
expect(mixTable(plan).includes('2.00'), 'two epochs');
expect((await collect(mixDocuments({ web: () => [labelled] }, plan))).map(({ epoch }) => epoch).join() === '0,1', 'the document twice');

const [record] = await collect(readCsv(streamOf('id,text\n7,"a\nb"\n')));
expect(record.text === 'a\nb', 'a quoted line break');
const [again] = await collect(readJsonl(gunzip(jsonlBytes([record], { gzip: true }))));
expect(again.id === '7' && again.text === 'a\nb', 'the record back');

const example = toSftExample({ instruction: 'List three rivers.', output: '1. Rhine\n2. Elbe' }, { id: 'a' });
expect(instructionClarity(example).score === 1 && answerCompleteness(example).evidence.length === 1, 'a clear question, an answer too short');
expect(styleConsistency(example, styleProfile([example])).score === 1, 'its own style');
expect(taskKind('List three rivers.') === 'list' && taskDiversity([example]).kinds.list === 1, 'a list');
expect((await instructionFollowingDifficulty(example, (_, { prompt }) => (prompt ? 1 : 2))).ifd === 0.5, 'half the loss');
expect(difficultyBuckets([0.5, 0.1], { buckets: 2 }).join() === '1,0' && coveringSample(Float32Array.of(0, 1, 9), { size: 1, count: 2 }).join() === '0,2', 'the far and the hard');
expect(Object.keys((await scoreSft([example])).summary.means).length === SFT_DIMENSIONS.length, 'six means');
expect(identifyLanguage('今天天气很好').language === 'zh' && reasonOf(languageFilter({ languages: ['en'] }), { text: '今天' }) === 'language_not_allowed', 'Chinese');
expect(new DataError('E_CSV', { problem: 'x', remedy: 'y' }).code === 'E_CSV', 'a code');

import { createSimhash, exactSubstrings, simhashClusters } from '@llm/data-quality';

const fingerprints = [running, running.toUpperCase()].map(createSimhash());
expect(simhashClusters(fingerprints).removed.join() === '0,1', 'the second fingerprint to be that of the first');
expect(exactSubstrings([running, running]).texts.join('|') === `${running}|${running}` && exactSubstrings([running, running], { minBytes: 20 }).texts[1] === '', 'the second text to go');

import { clusterShards, semanticDedup } from '@llm/data-quality';

const signed = createMinhashIndex(createMinhash());
signed.add(running);
const [, copied] = await clusterShards([signed.encode(), { read: async (start, end) => signed.encode().slice(start, end) }]);
expect(copied.removed.join() === '1' && copied.keeper.join() === '0', 'the second shard to repeat the first');
expect(semanticDedup(new Float32Array([1, 0, 0, 1, 2, 0]), { dim: 2, clusters: 1, keep: 'easy' }).removed.join() === '0,0,1', 'the same direction to go');

import { codeFilter, nemoHeuristics } from '@llm/data-quality';

expect(reasonOf(nemoHeuristics(), { text: '12345 67890' }) === 'numbers_ratio', 'too many digits');
expect(reasonOf(codeFilter(), { text: 'const a = 1;' }) === 'num_lines_low', 'too few lines');

import { readTextClassifier, readTextRater, scoreFilter, scoreStep, trainTextClassifier, trainTextRater } from '@llm/data-quality';

const kinds = trainTextClassifier([{ text: 'a proof', label: 'good' }, { text: 'click here', label: 'bad' }]);
expect(readTextClassifier(kinds.encode()).probabilities('click here').bad > 0.5, 'a bad page');
const rater = trainTextRater([{ text: 'a proof', rating: 5 }, { text: 'click here', rating: 0 }], { epochs: 50 });
expect(reasonOf(scoreFilter(({ text }) => readTextRater(rater.encode()).rate(text), { name: 'rating', reason: 'low', min: 3 }), { text: 'click' }) === 'low', 'a low rating');
const surprising = scoreStep((texts) => texts.map(({ length }) => length), { name: 'perplexity', reason: 'high', max: 3 });
expect((await collect(surprising((async function* () { yield { id: 'a', text: 'four' }; })(), { shard: 0, shards: 1, ledger: createLedger() }))).length === 0, 'a surprising text');

import { parquetBytes, readJson, readParquet, tokenShard } from '@llm/data-quality';

const [alpaca] = await collect(readJson(streamOf('[{"output":"hello"}]'), { textField: 'output' }));
expect(alpaca.text === 'hello', 'a document of the JSON array');
const [fromParquet] = await collect(readParquet(new Blob(await collect(parquetBytes([{ id: 'a', text: 'hello', meta: { n: 1 } }], { codec: 'gzip' })))));
expect(fromParquet.id === 'a' && fromParquet.text === 'hello' && fromParquet.meta.n === 1, 'the row back');
expect(tokenShard({ tokens: Uint8Array.of(7, 0, 1, 1) }, { tokenBytes: 2 }).tokens.join() === '7,257', 'two tokens');

import {
  applyReview, blockList, breaksOff, createDataDimensions, createReviewQueue, createSourceStatistics, DATA_DIMENSIONS, dataDimensions, dataVersion, distributionOf, driftAlerts, evenness, nearestRule, overrideFilters, overrideSteps, readReview,
  readVersions, relevanceTo, reviewCsv, reviewerAgreement, reviewJsonl, ruleAgreement, summarizeFeedback, textDamage, textHash, toFeedback, versionLine,
} from '@llm/data-quality';

const seen = [{ id: 'a', text: 'The boats lie in the mud.', source: 's' }, { id: 'b', text: 'a\ufffd', source: 's' }];
const measuredBy = await dataDimensions(seen, { referenceDate: '2025-01-01', relevance: relevanceTo(['boats']) });
expect(DATA_DIMENSIONS.length === 6 && measuredBy.sources[0].dimensions.accuracy.value === 0.5, 'half of the texts to be damaged');
const counter = createDataDimensions();
counter.add(seen[0]);
const counted = createSourceStatistics();
counted.add(seen[0]);
expect(counter.report().sources[0].statistics.documents === counted.report()[0].documents, 'one document of one source');
expect(textDamage('a\u0007').join() === 'controlCharacters' && breaksOff('```js') && evenness({ a: 1, b: 1 }) === 1 && distributionOf({ a: 30 }, { of: 'x' }).skewed, 'damage, an open fence, evenness and a skew');
expect(nearestRule([{ reason: 'x', threshold: 1, comparison: 'min' }], { x: 2 }).reason === 'x', 'the only rule');
const queue = createReviewQueue({ size: 2 });
for (const document of seen) queue.add({ document, kept: document.id === 'a' });
const [fromLines, fromCsv] = await Promise.all([[reviewJsonl, false], [reviewCsv, true]].map(([write, csv]) => collect(readReview(streamOf(write(queue.items())), { csv }))));
expect(fromLines.length === 2 && fromCsv.length === 2, 'two items back');
const judged = fromLines.map((item) => ({ ...item, verdict: 'drop' }));
const overrides = await applyReview(judged, { documents: seen });
expect(reasonOf(overrideFilters([], overrides)[0], seen[0]) === 'review_drop' && overrides[0].hash === textHash(seen.find(({ id }) => id === overrides[0].id).text), 'the override to be obeyed');
expect(overrideSteps([], overrides).length === 1, 'a step that drops');
expect(ruleAgreement(judged).length === 2 && reviewerAgreement(judged, judged).agreed === 2, 'reviewers to agree');
const recorded = dataVersion(await createManifest(seen, { name: 'x' }), measuredBy, { at: '2025-01-01' });
expect(readVersions(versionLine('', recorded)).length === 1 && driftAlerts(recorded, recorded).length === 0, 'a version that did not drift');
const said = summarizeFeedback([1, 2, 3].map((user) => toFeedback({ id: 'a', verdict: 'bad', user: String(user) })));
expect(said.review[0] === 'a' && reasonOf(blockList(said.block), seen[0]) === 'blocked_id', 'the document to be blocked');

import { exactAcross, filter, finewebRecipe, nearAcross, runSteps } from '@llm/data-quality';

async function* twins() {
  yield* [{ id: 'a', text: running }, { id: 'b', text: `${running} ` }];
}
const steps = createLedger();
const passed = await collect(runSteps(twins(), [filter(exactDedup())], { shard: 0, shards: 1, ledger: steps }));
const added = createLedger();
added.merge(steps.toJSON());
expect(passed.length === 1 && added.toJSON().dropped[0].documents === 1, 'one of the two');
for (const across of [exactAcross(), nearAcross(createFastMinhash())]) {
  const summary = across.summarize();
  for await (const document of twins()) summary.add(document);
  const [decided] = await across.decide([summary.encode()]);
  expect([...decided.removed].reduce((sum, gone) => sum + gone, 0) === 1, `one of the two by ${across.name}`);
}
expect(finewebRecipe().length === 7, 'the seven steps of FineWeb');

import { segmenterSentences, segmenterWords } from '@llm/data-quality';

expect(segmenterWords('zh')('今天天气很好。').length > 2, 'Chinese words');
expect(segmenterSentences('zh')('今天下雨。我们走了。').length === 2, 'two Chinese sentences');
expect(gopherQuality().measure({ id: 'a', text: 'Far too short.' }).gopher_short_doc === 3, 'three words to be measured');
