import { disposeTree } from '@llm/tensor';
import { restoreTraining, trainingFiles } from '@llm/train';
import { tokenizerFromJson, tokenizerToText } from '@llm/tokenizer';
import type { SavedRun } from '../protocol.ts';
import { prepare } from './prepare.ts';
import { PlaygroundError } from './problem.ts';
import { type History, type RunRecord, type Session, sessionOf } from './session.ts';
import type { Store } from './store.ts';

/**
 * A run in the store: run.json, documents.json and tokenizer.json, written once, and two slots for checkpoints, written in
 * turn. A slot counts only once its done.json is there, which comes last and names the hash of each of its files; so whenever
 * the tab is closed, one whole checkpoint stays.
 */
const SLOTS = ['a', 'b'] as const;

interface Done {
  readonly step: number;
  readonly savedAt: number;
  readonly files: Readonly<Record<string, string>>;
}

const encoder = new TextEncoder();
const jsonBytes = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value));
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function readJson<T>(store: Store, path: string): Promise<T | undefined> {
  const bytes = await store.read(path);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(textOf(bytes)) as T;
  } catch {
    return undefined;
  }
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Replaces whatever run is stored by the beginning of this one. */
export async function saveBeginning(store: Store, { record, documents, prepared: { tokenizer } }: Session): Promise<void> {
  await store.clear();
  await store.write('documents.json', jsonBytes(documents));
  await store.write('tokenizer.json', encoder.encode(tokenizerToText(tokenizer)));
  await store.write('run.json', jsonBytes(record));
}

/** Writes a checkpoint into the older slot. */
export async function saveStep(store: Store, { params, state, record, history }: Session): Promise<void> {
  const newest = (await slots(store))[0];
  const slot = newest?.slot === 'a' ? 'b' : 'a';
  await store.remove(`${slot}/done.json`);
  const files: Record<string, string> = {};
  const training = trainingFiles(params, state, { config: configOf(record), data: JSON.parse(JSON.stringify(history)) });
  for (const [name, source] of Object.entries(training)) {
    const bytes = typeof source === 'string' ? encoder.encode(source) : await collected(source as AsyncIterable<Uint8Array>);
    files[name] = await sha256(bytes);
    await store.write(`${slot}/${name}`, bytes);
  }
  await store.write(`${slot}/done.json`, jsonBytes({ step: state.step, savedAt: Date.now(), files } satisfies Done));
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  // A chunk may be a view of the device's memory, which the next one may move.
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The slots that were written to their end, the newest first. */
async function slots(store: Store): Promise<(Done & { readonly slot: string })[]> {
  const found: (Done & { slot: string })[] = [];
  for (const slot of SLOTS) {
    const done = await readJson<Done>(store, `${slot}/done.json`);
    if (done !== undefined) found.push({ ...done, slot });
  }
  return found.sort((a, b) => b.step - a.step || b.savedAt - a.savedAt);
}

/** What lies in the store, without opening it; null where there is no run. */
export async function findSavedRun(store: Store): Promise<SavedRun | null> {
  const record = await readJson<RunRecord>(store, 'run.json');
  if (record?.formatVersion !== 1) return null;
  const newest = (await slots(store))[0];
  return { savedAt: newest?.savedAt ?? record.createdAt, step: newest?.step ?? 0, steps: record.plan.steps, characters: record.facts.characters, device: record.settings.device };
}

/** Opens the saved run at its newest whole checkpoint; the same to the bit as never having stopped. */
export async function openSavedRun(store: Store, { onNotice }: { onNotice: (text: string) => void }): Promise<Session> {
  const record = await readJson<RunRecord>(store, 'run.json');
  const documents = await readJson<Session['documents']>(store, 'documents.json');
  const tokenizer = await readJson(store, 'tokenizer.json');
  if (record?.formatVersion !== 1 || documents === undefined || tokenizer === undefined) {
    throw new PlaygroundError('E_SAVED_RUN', 'The saved run is not complete.', 'Delete it and start a new one.');
  }
  const session = sessionOf(record, documents, prepare(documents, tokenizerFromJson(tokenizer), record.settings));
  const candidates = await slots(store);
  for (const { slot, step, files: hashes } of candidates) {
    const files = new Map<string, Uint8Array>();
    for (const [name, hash] of Object.entries(hashes)) {
      const bytes = await store.read(`${slot}/${name}`);
      if (bytes !== undefined && await sha256(bytes) === hash) files.set(name, bytes);
    }
    if (files.size < Object.keys(hashes).length) {
      onNotice(`The checkpoint of step ${step} is damaged, so the one before it is used.`);
      continue;
    }
    const { state, data } = restoreTraining(files, { params: session.params, optimizer: session.optimizer, config: configOf(record) });
    disposeTree(session.state.optimizer);
    return { ...session, state, history: data as unknown as History };
  }
  if (candidates.length > 0) throw new PlaygroundError('E_SAVED_RUN', 'Both checkpoints of the saved run are damaged.', 'Delete it and start a new one.');
  return session;
}

/** What must be the same for a run to go on. */
function configOf({ settings, plan, documentsSha256 }: RunRecord): ReturnType<typeof JSON.parse> {
  return { settings, plan, documentsSha256 };
}
