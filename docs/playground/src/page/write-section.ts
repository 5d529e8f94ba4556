import type { Problem, Report, Request } from '../protocol.ts';
import { announce, showProblem } from './announce.ts';
import { byId } from './elements.ts';
import { size } from './format.ts';
import { createTokenView } from './token-view.ts';

/** The third step: prompts, what the model makes of them, and the download. */
export interface WriteSection {
  token(report: Extract<Report, { type: 'token' }>): void;
  written(report: Extract<Report, { type: 'written' }>): void;
  folder(report: Extract<Report, { type: 'folder' }>): void;
  problem(problem: Problem, during: 'write' | 'download'): void;
  /** What the prompt is where the visitor has not said. */
  suggest(prompt: string): void;
  /** The worker is gone: nothing more comes. */
  reset(): void;
}

const NAME = 'my-language-model.zip';
const ENDS: Readonly<Record<Extract<Report, { type: 'written' }>['reason'], string>> = {
  eos: 'The model ended its text.', length: 'As many tokens as were asked for.', context: 'The model has no room for more.', stopped: 'Stopped.',
};
const NO_MODEL = { text: 'There is no model yet.', remedy: 'Train one first: a minute is enough.' };

/** Ties the controls of the third step to the worker; `hasModel` says whether there is anything to ask. */
export function createWriteSection({ send, hasModel }: { send: (request: Request) => void; hasModel: () => boolean }): WriteSection {
  const view = createTokenView();
  const prompt = byId('prompt', HTMLTextAreaElement);
  const temperature = byId('temperature', HTMLInputElement);
  const maxTokens = byId('max-tokens', HTMLInputElement);
  const start = byId('write-start', HTMLButtonElement);
  const stop = byId('write-stop', HTMLButtonElement);
  const problem = byId('write-problem', HTMLParagraphElement);
  const download = byId('download', HTMLButtonElement);
  const downloadState = byId('download-state', HTMLSpanElement);
  const downloadProblem = byId('download-problem', HTMLParagraphElement);
  const state = byId('write-state', HTMLSpanElement);
  let touched = false;
  let asked = '';

  const writing = (on: boolean): void => {
    // The focus must not fall off the page with the button that held it.
    const hadFocus = document.activeElement === start || document.activeElement === stop;
    start.hidden = on;
    stop.hidden = !on;
    if (hadFocus) (on ? stop : start).focus();
    state.textContent = on ? 'writing' : hasModel() ? 'ready' : 'no model yet';
  };
  const idleDownload = (text: string): void => {
    download.disabled = false;
    downloadState.textContent = text;
  };

  prompt.addEventListener('input', () => { touched = true; });
  prompt.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) start.click();
  });
  temperature.addEventListener('input', () => { byId('temperature-value', HTMLOutputElement).textContent = Number(temperature.value).toFixed(2); });
  byId('write-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const count = maxTokens.valueAsNumber;
    if (!hasModel()) return showProblem(problem, NO_MODEL);
    if (!Number.isInteger(count) || count < 1 || count > 1000) return showProblem(problem, { text: 'Tokens at most must be a whole number from 1 to 1000.', remedy: 'Change it and write again.' });
    showProblem(problem, undefined);
    asked = prompt.value;
    view.begin(asked);
    writing(true);
    send({ type: 'write', prompt: asked, maxTokens: count, temperature: Number(temperature.value), seed: crypto.getRandomValues(new Uint32Array(1))[0]! });
  });
  stop.addEventListener('click', () => send({ type: 'stopWriting' }));
  download.addEventListener('click', () => {
    if (!hasModel()) return showProblem(downloadProblem, NO_MODEL);
    showProblem(downloadProblem, undefined);
    download.disabled = true;
    downloadState.textContent = 'Packing…';
    send({ type: 'download' });
  });

  return {
    token: ({ token }) => view.add(token),
    written({ reason, dropped }) {
      writing(false);
      if (dropped > 0) showProblem(problem, { text: `The first ${dropped} tokens of the prompt did not fit.`, remedy: 'Use a shorter one to have all of it read.' });
      announce(`${asked}${view.text} – ${ENDS[reason]}`);
    },
    folder({ zip }) {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([zip], { type: 'application/zip' }));
      link.download = NAME;
      link.click();
      // Some browsers begin to read it only after this turn.
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      idleDownload(`${NAME}, ${size(zip.length)}`);
      announce(`${NAME} is in your downloads, ${size(zip.length)}.`);
    },
    problem(found, during) {
      if (during === 'write') {
        writing(false);
        showProblem(problem, found);
      } else {
        idleDownload('');
        showProblem(downloadProblem, found);
      }
    },
    suggest(text) {
      if (!touched && prompt.value === '') prompt.value = text;
    },
    reset() {
      writing(false);
      idleDownload('');
    },
  };
}
