import { announce, showProblem } from './page/announce.ts';
import { watchBackground } from './page/background.ts';
import { confirmed } from './page/confirm.ts';
import { byId, make } from './page/elements.ts';
import { count, duration } from './page/format.ts';
import { createSettingsForm } from './page/settings-form.ts';
import { createTextSection } from './page/text-section.ts';
import { createTrainView } from './page/train-view.ts';
import { createTrainer } from './page/trainer.ts';
import { createWriteSection } from './page/write-section.ts';
import type { Problem, Report, Request, SavedRun } from './protocol.ts';
import { settingsProblem } from './settings.ts';

const TITLE = document.title;
/** A worker that does not answer for so long is ended. */
const STOP_MS = 15_000;
/** After so long without a word the page says so. */
const SILENT_MS = 30_000;

type Phase = 'idle' | 'busy' | 'stopping';

let phase: Phase = 'idle';
let saved: SavedRun | null = null;
let storage: string | null = null;
/** Steps of the run in the worker; undefined where it has none. */
let steps: number | undefined;
/** Whether the worker has been asked for work that leaves memory in use. */
let used = false;
let milestone = 0;
let samplePrompt = '';
let lastWord = performance.now();

const text = createTextSection();
const settings = createSettingsForm();
const view = createTrainView();
const trainer = createTrainer({ onReport: report, onCrash: crashed });
const write = createWriteSection({ send: (request) => trainer.send(request), hasModel: () => steps !== undefined });

const start = byId('start', HTMLButtonElement);
const stop = byId('stop', HTMLButtonElement);
const resume = byId('resume', HTMLButtonElement);
const problemPlace = byId('train-problem', HTMLParagraphElement);
const trainState = byId('train-state', HTMLSpanElement);

function setPhase(next: Phase): void {
  phase = next;
  const focused = document.activeElement;
  start.hidden = next !== 'idle';
  stop.hidden = next === 'idle';
  stop.disabled = next === 'stopping';
  resume.hidden = next !== 'idle' || steps === undefined || view.step >= steps;
  start.textContent = steps === undefined ? 'Start training' : 'Start again';
  start.classList.toggle('primary', resume.hidden);
  byId('saved', HTMLDivElement).hidden = next !== 'idle' || saved === null || steps !== undefined;
  // The focus must not fall off the page with the button that held it.
  if (focused instanceof HTMLElement && focused.closest('[hidden]') !== null) (next === 'idle' ? (resume.hidden ? start : resume) : stop).focus();
  if (next === 'idle') document.title = TITLE;
}

function busy(request: Request): void {
  used = true;
  showProblem(problemPlace, undefined);
  lastWord = performance.now();
  milestone = 0;
  setPhase('busy');
  trainState.textContent = 'getting ready';
  trainer.send(request);
}

/** A worker with nothing in it yet. */
function restart(): void {
  used = false;
  trainer.restart(settings.device);
}

function fail(problem: Pick<Problem, 'text' | 'remedy'>, stage: string): void {
  showProblem(problemPlace, problem);
  view.ended(stage, 0);
  trainState.textContent = stage.replace(/\.$/, '').toLowerCase();
  setPhase('idle');
}

function report(found: Report): void {
  lastWord = performance.now();
  switch (found.type) {
    case 'opened':
      saved = found.saved;
      storage = found.storage;
      if (storage !== null) view.notice(`Nothing can be kept here: ${storage} Training works; download the model before you close the tab.`);
      if (saved === null || steps !== undefined) break;
      offerSaved(saved);
      if (settings.suggestDevice(saved.device)) restart();
      break;
    case 'device': return showDevice(found);
    case 'stage':
      view.stage(found.text, found.share);
      if (found.text === 'Training') announce('Training started.');
      break;
    case 'run':
      steps = found.facts.steps;
      view.run(found);
      setPhase(phase);
      write.reset();
      break;
    case 'steps': return showSteps(found);
    case 'held': return view.held(found.held);
    case 'sample':
      samplePrompt = found.prompt;
      return view.sample(found);
    case 'saved':
      saved = { savedAt: Date.now(), step: found.step, steps: steps ?? found.step, characters: 0, device: settings.device };
      break;
    case 'notice': return view.notice(found.text);
    case 'ready': return showReady(found);
    case 'token': return write.token(found);
    case 'written': return write.written(found);
    case 'folder': return write.folder(found);
    case 'discarded':
      saved = null;
      setPhase(phase);
      announce('The saved run is deleted.');
      break;
    case 'problem': showReported(found);
  }
}

function showDevice({ description, notes }: Extract<Report, { type: 'device' }>): void {
  byId('device-found', HTMLDivElement).replaceChildren(make('p', { text: `${description}.` }), ...notes.map((note) => make('p', { text: note })));
}

function showSteps(found: Extract<Report, { type: 'steps' }>): void {
  view.steps(found);
  if (steps === undefined || phase === 'idle') return;
  const share = view.step / steps;
  const done = Math.floor(100 * share);
  if (phase === 'busy') byId('stage', HTMLLabelElement).textContent = `Training: ${done} %`;
  trainState.textContent = `${done} %, loss ${view.loss?.toFixed(2) ?? '–'}`;
  document.title = `${done} % – ${document.hidden ? 'training in the background' : TITLE}`;
  const quarter = Math.floor(4 * share);
  if (quarter <= milestone || quarter > 3) return;
  milestone = quarter;
  announce(`${25 * quarter} percent done, loss ${view.loss?.toFixed(2) ?? 'unknown'}, ${duration(found.etaSeconds)} left.`);
}

function showReady({ finished, step, steps: all, seconds }: Extract<Report, { type: 'ready' }>): void {
  const sentence = finished ? `Finished: ${count(step)} steps in ${duration(seconds)}.` : `Stopped after step ${count(step)} of ${count(all)}.`;
  view.ended(sentence, step / all);
  trainState.textContent = finished ? 'finished' : `stopped at ${Math.floor((100 * step) / all)} %`;
  write.suggest(samplePrompt);
  setPhase('idle');
  announce(`${sentence} The model is ready to write.`);
}

function showReported({ problem, during }: Extract<Report, { type: 'problem' }>): void {
  if (during === 'write' || during === 'download') return write.problem(problem, during);
  if (during === 'open') {
    byId('device-found', HTMLDivElement).replaceChildren(make('p', { text: `${problem.text} ${problem.remedy}` }));
    return;
  }
  if (problem.code === 'E_STOPPED') {
    view.ended('Stopped before the first step.', 0);
    trainState.textContent = 'stopped';
    setPhase('idle');
    announce('Stopped before the first step.');
    return;
  }
  fail(problem, 'Not finished.');
}

/** The worker is gone. What was saved is offered again by the next one. */
function crashed(reason: string): void {
  const wasBusy = phase !== 'idle';
  const lost = steps !== undefined;
  steps = undefined;
  write.reset();
  if (wasBusy || lost) {
    const remedy = saved === null ? 'Start again with a smaller model, and close other tabs if memory is short.' : `Go on from step ${count(saved.step)}, which was saved.`;
    fail({ text: `The worker that trains ended (${reason}).`, remedy }, 'Ended.');
    restart();
  } else {
    fail({ text: `The worker that trains could not start (${reason}).`, remedy: 'Reload the page; if it comes back, use a browser of 2023 or later.' }, 'Not started.');
  }
}

function offerSaved({ step, steps: all, savedAt, characters }: SavedRun): void {
  const when = new Date(savedAt).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
  const done = step >= all;
  byId('saved-text', HTMLParagraphElement).textContent = done
    ? `A finished model is saved in this browser (${when}, ${count(all)} steps on ${count(characters)} characters).`
    : `A run is saved in this browser: step ${count(step)} of ${count(all)} on ${count(characters)} characters, ${when}. It goes on exactly where it was.`;
  byId('saved-resume', HTMLButtonElement).hidden = done;
  byId('saved-load', HTMLButtonElement).classList.toggle('primary', done);
  trainState.textContent = done ? 'finished, saved' : `saved at ${Math.floor((100 * step) / all)} %`;
  setPhase(phase);
  announce(byId('saved-text', HTMLParagraphElement).textContent);
}

async function begin(): Promise<void> {
  const asked = settings.read();
  const wrong = settingsProblem(asked);
  if (wrong !== undefined) return showProblem(problemPlace, { text: wrong, remedy: '' });
  const texts = text.texts();
  if (texts.length === 0) return showProblem(problemPlace, { text: 'There is no text to learn from yet.', remedy: 'Paste or drop some in the first step, or use the sample stories.' });
  if (saved !== null && !await confirmed({ title: 'Replace the saved run?', text: `This browser keeps one run. The one of step ${count(saved.step)} of ${count(saved.steps)} will be deleted; download its model first if you want to keep it.`, yes: 'Replace it' })) return;
  // A worker that has trained is ended and its memory is free at once.
  if (used) restart();
  steps = undefined;
  saved = null;
  write.reset();
  view.clear();
  busy({ type: 'train', texts, settings: asked });
}

byId('train-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  if (phase === 'idle') void begin();
});
resume.addEventListener('click', () => busy({ type: 'resume' }));
byId('saved-resume', HTMLButtonElement).addEventListener('click', () => busy({ type: 'resume' }));
byId('saved-load', HTMLButtonElement).addEventListener('click', () => busy({ type: 'load' }));
byId('saved-discard', HTMLButtonElement).addEventListener('click', () => {
  void confirmed({ title: 'Delete the saved run?', text: 'Its model and its text are removed from this browser.', yes: 'Delete it' }).then((yes) => { if (yes) trainer.send({ type: 'discard' }); });
});
stop.addEventListener('click', () => {
  setPhase('stopping');
  view.stage('Stopping after this step', null);
  trainer.send({ type: 'stop' });
  const asked = performance.now();
  setTimeout(() => {
    if (phase !== 'stopping' || lastWord > asked) return;
    steps = undefined;
    write.reset();
    fail({ text: 'The worker that trains did not answer and was ended.', remedy: saved === null ? 'Start again with a smaller model or another device.' : `Go on from step ${count(saved.step)}, which was saved.` }, 'Ended.');
    restart();
  }, STOP_MS);
});
settings.onDevice(() => {
  if (phase === 'idle' && steps === undefined) restart();
  else byId('device-found', HTMLDivElement).append(make('p', { text: 'The new choice counts from the next start on.' }));
});
setInterval(() => {
  if (phase === 'idle' || performance.now() - lastWord < SILENT_MS) return;
  view.stage(`Nothing was heard for ${duration((performance.now() - lastWord) / 1000)}: a step takes long on this device, or the browser holds this tab up. Wait, or press Stop`, null);
}, 5000);
watchBackground({
  step: () => (phase === 'busy' && steps !== undefined ? view.step : undefined),
  onReturn: (sentence) => view.notice(sentence),
});
window.addEventListener('beforeunload', (event) => {
  // What is saved goes on after a reload; only what cannot be saved would be lost.
  if (phase !== 'idle' && storage !== null) event.preventDefault();
});

byId('boot', HTMLParagraphElement).remove();
setPhase('idle');
restart();
