import * as d from '@llm/distill';
import { createModel } from '@llm/model';
import { scope, tensor, useDevice, zeros } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expect } from '../expect.mjs';

await useDevice('wasm');
const close = (found, expected, what) => expect(Math.abs(found - expected) < 1e-4, `${what}: ${expected} but found ${found}`);
const first = (make) => scope(() => make().dataSync()[0]);

// A student that says what its teacher says has nothing to learn but the data.
const same = tensor([[0, 0, 0, 0]]);
const rows = { student: same, teacher: d.fullRows(same), targets: tensor([1], [1], 'int32') };
for (const divergence of [d.forwardKl(), d.reverseKl(), d.symmetricKl(), d.jsd()]) close(first(() => d.softened(divergence, { temperature: 2, squared: true })(rows)), 0, 'a divergence');
close(first(() => d.softened(d.softCrossEntropy())(rows)), Math.log(4), 'softCrossEntropy');
close(first(() => d.hard()(rows)), Math.log(4), 'hard');
close(first(() => d.hinton({ alpha: 0.25 })(rows)), 0.75 * Math.log(4), 'hinton');
close(first(() => d.distilBert()(rows)), 2 * Math.log(4), 'distilBert');
for (const loss of [d.logitSquares(), d.kdMse(), d.probabilityShift(d.logitSquares())]) close(first(() => loss(rows)), 0, 'logits');
close(first(() => d.weighted([[d.hard(), 2], [d.logitSquares(), d.linearDecay(1)], [d.logitSquares(), d.linearGrowth(0)]])(rows)), 2 * Math.log(4), 'weighted');
for (const temperature of [d.flsw({ beta: 1, gamma: 1 }), d.cwsm({ beta: 1 })]) close(first(() => d.softened(d.jsd(), { temperature })(rows)), 0, 'a temperature for each row');
const top = d.topRows({ ids: tensor([[2]], [1, 1], 'int32'), logProbs: tensor([[Math.log(0.25), Math.log(0.75)]]), temperature: 1 });
close(first(() => d.softened(d.forwardKl())({ ...rows, teacher: top })), 0, 'topRows');
close(first(() => d.lumped(same, tensor([[2]], [1, 1], 'int32'))), Math.log(0.25), 'lumped');

// States and attention.
const states = tensor([[1, 0], [0, 1]]);
for (const loss of [d.hiddenMse(), d.hiddenCosine(), d.normalizedMse(), d.similarityPreserving(), d.relationDistance(), d.relationAngle()]) close(first(() => loss(states, states)), 0, 'a feature');
const deep = zeros([1, 2, 2]);
for (const loss of [d.fsp, d.nst]) close(first(() => loss([deep, deep], [deep, deep])), 0, 'two layers');
const attention = zeros([1, 1, 2, 2]);
close(first(() => d.attentionMse(attention, attention)), 0, 'attentionMse');
close(first(() => d.attentionCrossEntropy(attention, attention)), Math.LN2, 'attentionCrossEntropy');

// Students.
const config = { model_type: 'llama', vocab_size: 16, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 4, num_attention_heads: 2, max_position_embeddings: 16, eos_token_id: 0 };
const model = createModel(config);
const teacher = { model, params: model.init(1) };
expect([d.everyNth(4, 2), d.spreadLayers(4, 2), d.firstLayers(4, 1), d.lastLayers(4, 1)].join(' ') === '0,2 0,3 0 3', 'layers');
const student = d.dropLayers(teacher, { keep: d.everyNth(4, 2) });
expect(d.originText(student.map[0]).includes('←'), 'a map of parameters');
for (const choose of [d.bySvd(), d.byMagnitude()]) expect((await d.cutWidth(teacher, { width: 6, choose })).model.shape.width === 6, 'narrower');
expect(d.pruneVocabulary(teacher, { keep: [0, 3, 5] }).model.shape.vocabSize === 3, 'fewer tokens');
const bpe = { model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] } };
expect(d.pruneTokenizer(bpe, { counts: [1, 1, 0], size: 2 }).keep.join() === '0,1', 'a smaller tokenizer');

// Teachers.
const row = (...ids) => ({ rows: 1, length: ids.length, ids: Int32Array.from(ids), targets: Int32Array.from([...ids.slice(1), -100]), positions: Int32Array.from(ids, (_, i) => i), segments: new Int32Array(ids.length), packed: false, restarts: false });
const batch = d.distillBatch(row(1, 2, 3));
const sequences = [];
for await (const each of d.keepTop(model, teacher.params, [batch], { k: 4 })) sequences.push(each);
expect(d.keptError(sequences.map(({ sums }) => sums)).meanTail > 0, 'a bound');
const kept = d.sliceKept(d.joinKept(sequences.map((each) => each.kept)), { from: 0, count: 2 });
const one = async (options) => { for await (const { loss } of train({ params: student.params, optimizer: adamw({ lr: 1e-3 }), steps: 1, ...options })) return loss; };
const features = [{ student: 'last', teacher: 'last', loss: d.hiddenMse() }];
const params = d.withProjections(student.params, { features, width: 8, teacherWidth: 8, seed: 0 });
expect(await one({ params, loss: d.distillLoss(student.model, { loss: d.hinton(), teacher: d.localTeacher(model, teacher.params), features }), batches: [batch] }) > 0, 'a step with features');
expect(!('distill_projections' in d.withoutProjections(params)), 'the student alone');
expect(await one({ loss: d.distillLoss(student.model, { loss: d.softened(d.forwardKl()), teacher: d.keptTeacher() }), batches: [{ ...batch, kept }] }) >= 0, 'a step with kept rows');
for await (const own of d.onPolicyBatches(student.model, student.params, [[{ ids: [1, 2], promptLength: 1 }]], { lambda: 1, maxTokens: 2, eosIds: [] })) expect(own.targetCount === 2, 'what it says itself');
for await (const { record, dropped } of d.teacherTexts(model, teacher.params, [{ ids: [1], prompt: 'a' }], { decode: (ids) => ids.join(' '), maxTokens: 2, filters: [d.repetitive(), d.unfinished()] })) expect(record.prompt === 'a' && (dropped ?? 'kept') !== '', 'a record');

// Another tokenizer.
const groups = d.alignTokens([[0, 2], [2, 3]], [[0, 3]]);
expect(groups.length === 1, 'one piece');
const halves = tensor([[0.5, 0.5], [0.5, 0.5]]);
for (const merge of [d.mergeChain, d.mergeObserved]) close(first(() => merge(halves, { groups: [[0, 1]], ids: tensor([0, 0], [2], 'int32') })), 0.25, 'merged');
close(first(() => d.uld(halves, halves)), 0, 'uld');
const shared = d.sharedTokens(new Map([['a', 0]]), new Map([['a', 1]]));
close(first(() => d.gold({ shared })(halves, halves)), 0, 'gold');
const other = createModel({ ...config, vocab_size: 20 });
const cross = { student: batch, teacher: d.distillBatch(row(1, 7)), studentOffsets: [[[0, 1], [1, 2]]], teacherOffsets: [[[0, 2]]], targetCount: 1 };
expect(await one({ loss: d.crossTokenizerLoss(student.model, { teacher: other, teacherParams: other.init(0) }), batches: [cross] }) > 0, 'a step across tokenizers');

// An endpoint.
const content = [{ token: 'b', logprob: -0.5, top_logprobs: [{ token: 'b', logprob: -0.5 }] }];
const endpoint = d.endpointTeacher({ url: 'http://localhost/v1', model: 'large', fetch: async () => Response.json({ choices: [{ message: { content: 'b' }, logprobs: { content } }] }) });
const { tokens } = await endpoint.answer([{ role: 'user', content: 'a' }]);
expect(d.keptFromTokens(tokens, { idOf: () => 3, vocabSize: 16 }).kept.ids[0] === 3, 'what an endpoint told');
const silent = d.endpointTeacher({ url: 'http://localhost/v1', model: 'large', fetch: async () => Response.json({ choices: [] }) });
expect(await silent.score('a').catch((error) => error) instanceof d.TeacherError, 'no log-probabilities');

// What came of it.
const evaluate = async () => ({ accuracy: { value: 0.5 } });
const large = await d.measureModel(model, teacher.params, { tokens: 4, rounds: 1, evaluate });
const small = await d.measureModel(student.model, student.params, { tokens: 4, rounds: 1, evaluate });
expect(d.compareModels(large, small).size_reduction > 0.2, 'smaller');
expect(await d.measureDecode(model, teacher.params, { tokens: 4, rounds: 1 }) > 0, 'tokens a second');
const round = { name: 'half', begin: (above) => d.dropLayers(above, { keep: [0, 1] }), train: async () => {} };
for await (const { beside } of d.distillRounds(teacher, [round], { measure: async ({ model: each }) => (each === model ? large : small) })) expect(beside.quality_drop === 0, 'a round');
