import { useDevice } from '@llm/tensor';
import type { Report, Request } from './protocol.ts';
import type { DeviceChoice } from './settings.ts';
import { readDocuments } from './work/documents.ts';
import { zippedFolder } from './work/folder.ts';
import { planRun } from './work/plan.ts';
import { makeTokenizer, parametersOf, prepare } from './work/prepare.ts';
import { PlaygroundError, problemOf } from './work/problem.ts';
import { findSavedRun, openSavedRun, saveBeginning, sha256 } from './work/saved-run.ts';
import { samplePromptOf, type Session, sessionOf } from './work/session.ts';
import { openStore, type Store, takeLock } from './work/store.ts';
import { showSample, trainSession } from './work/training.ts';
import { write } from './work/write.ts';

declare const self: DedicatedWorkerGlobalScope;

const LOCK_MS = 3000;

let session: Session | undefined;
let store: Store | undefined;
let locked = false;
let description = '';
/** Why there is no device, until there is one. */
let deviceError: unknown;
let training: AbortController | undefined;
let writing: AbortController | undefined;
/** What was asked for, in turn; while a training is under way it is done between two steps. */
const queue: Request[] = [];

const post = (report: Report, transfer: Transferable[] = []): void => self.postMessage(report, transfer);
const stage = (text: string, share: number | null = null): void => post({ type: 'stage', text, share });
const notice = (text: string): void => post({ type: 'notice', text });

async function open(choice: DeviceChoice): Promise<void> {
  const opened = await openStore();
  if (typeof opened !== 'string') store = opened;
  const saved = store === undefined ? null : await findSavedRun(store).catch(() => null);
  post({ type: 'opened', saved, storage: typeof opened === 'string' ? opened : null });
  try {
    const device = await useDevice(choice === 'auto' ? undefined : choice);
    description = device.description;
    post({ type: 'device', name: device.name, description, notes: device.notes });
  } catch (error) {
    deviceError = error;
    throw error;
  }
}

/** The store, where this tab may write to it. */
async function ownStore(): Promise<Store | undefined> {
  if (store === undefined) return undefined;
  locked ||= await takeLock(LOCK_MS);
  if (locked) return store;
  notice('Another tab of this page holds the saved run, so nothing is saved here. Close the other tab and reload this one to save.');
  return undefined;
}

function aRun(): Session {
  if (session === undefined) throw new PlaygroundError('E_NO_MODEL', 'There is no model yet.', 'Train one first, or open the saved run.');
  return session;
}

function announce({ record, state, history }: Session): void {
  post({ type: 'run', facts: record.facts, step: state.step, curve: history });
}

async function start({ texts, settings }: Extract<Request, { type: 'train' }>, signal: AbortSignal): Promise<void> {
  stage('Reading the text');
  const documents = await readDocuments(texts, settings);
  stage('Training the tokenizer', 0);
  const tokenizer = await makeTokenizer(documents, { vocabSize: settings.vocabSize, signal, onProgress: (share) => stage('Training the tokenizer', share) });
  stage('Encoding the text');
  const prepared = prepare(documents, tokenizer, settings);
  stage('Timing a few steps');
  const plan = await planRun(prepared, settings, { signal });
  signal.throwIfAborted();
  const { rows, batch, model } = prepared;
  session = sessionOf({
    formatVersion: 1, createdAt: Date.now(), settings, plan, device: description, samplePrompt: samplePromptOf(documents),
    documentsSha256: await sha256(new TextEncoder().encode(JSON.stringify(documents))).catch(() => ''),
    facts: {
      characters: documents.characters, documents: documents.train.length + documents.held.length, duplicates: documents.duplicates, heldOut: documents.held.length,
      tokens: rows.tokenCount, vocabSize: tokenizer.size, parameters: parametersOf(model), steps: plan.steps, epochs: (plan.steps * batch) / rows.count, limitedBy: plan.limitedBy,
    },
  }, documents, prepared);
  announce(session);
  const kept = await ownStore();
  if (kept !== undefined) {
    await saveBeginning(kept, session).catch((error: unknown) => {
      notice(`The run cannot be kept in this browser: ${problemOf(error).text} Training goes on; download the model before you close the tab.`);
    });
  }
  await goOn(session, signal);
}

async function load(): Promise<Session> {
  const kept = await ownStore();
  if (kept === undefined) throw new PlaygroundError('E_SAVED_RUN', 'The saved run cannot be opened here.', 'Close other tabs of this page and reload this one.');
  stage('Opening the saved run');
  session = await openSavedRun(kept, { onNotice: notice });
  if (session.record.device !== description) notice(`The run began on ${session.record.device} and goes on with ${description}; its last digits may differ.`);
  announce(session);
  return session;
}

async function goOn(run: Session, signal: AbortSignal): Promise<void> {
  stage('Training');
  const { finished } = await trainSession(run, { signal, store: locked ? store : undefined, post, between: serve });
  ready(run, finished);
}

function ready({ state, record, history }: Session, finished: boolean): void {
  post({ type: 'ready', finished, step: state.step, steps: record.plan.steps, seconds: history.seconds });
}

async function handle(request: Request): Promise<void> {
  try {
    if (request.type === 'open') await open(request.device);
    else if (request.type === 'train' || request.type === 'resume') {
      if (deviceError !== undefined) throw deviceError;
      training = new AbortController();
      if (request.type === 'train') await start(request, training.signal);
      else await goOn(session ?? await load(), training.signal);
    } else if (request.type === 'load') {
      if (deviceError !== undefined) throw deviceError;
      const run = await load();
      await showSample(run, { signal: new AbortController().signal, post });
      ready(run, run.state.step >= run.record.plan.steps);
    } else if (request.type === 'write') {
      const controller = new AbortController();
      writing = controller;
      const end = await write(aRun(), { ...request, signal: controller.signal, onToken: (token) => post({ type: 'token', token }) });
      post({ type: 'written', ...end });
    } else if (request.type === 'download') {
      const zip = await zippedFolder(aRun());
      post({ type: 'folder', zip }, [zip.buffer]);
    } else if (request.type === 'discard') {
      await (await ownStore())?.clear();
      post({ type: 'discarded' });
    }
  } catch (error) {
    const problem = error instanceof DOMException && error.name === 'AbortError' ? { code: 'E_STOPPED', text: 'Stopped before the first step.', remedy: 'Start again whenever you like.' } : problemOf(error);
    post({ type: 'problem', problem, during: request.type });
  } finally {
    if (request.type === 'train' || request.type === 'resume') training = undefined;
    if (request.type === 'write') writing = undefined;
  }
}

/** Does what waits, one after the other. */
async function serve(): Promise<void> {
  for (let request = queue.shift(); request !== undefined; request = queue.shift()) await handle(request);
}

let serving: Promise<void> | undefined;

self.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.type === 'stop') {
    training?.abort();
    writing?.abort();
  } else if (data.type === 'stopWriting') {
    writing?.abort();
    const waiting = queue.findIndex(({ type }) => type === 'write');
    if (waiting < 0) return;
    queue.splice(waiting, 1);
    post({ type: 'written', reason: 'stopped', dropped: 0 });
  } else {
    queue.push(data);
    // While one is being served its loop, or the training's, takes the next.
    serving ??= serve().finally(() => { serving = undefined; });
  }
};
