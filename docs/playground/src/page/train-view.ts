import type { Held, Report, RunFacts, StepReport } from '../protocol.ts';
import { createChart } from './chart.ts';
import { byId, make } from './elements.ts';
import { clock, count, short, size } from './format.ts';

/** What is shown of a training. */
export interface TrainView {
  /** What is being done, and how much of it. */
  stage(text: string, share: number | null): void;
  /** How it ended. */
  ended(text: string, share: number): void;
  run(report: Extract<Report, { type: 'run' }>): void;
  steps(report: Extract<Report, { type: 'steps' }>): void;
  held(held: Held): void;
  sample(report: Extract<Report, { type: 'sample' }>): void;
  notice(text: string): void;
  /** Takes away what an earlier run left. */
  clear(): void;
  readonly step: number;
  readonly loss: number | undefined;
}

const SAMPLES_SHOWN = 4;

/** The figures, the curve, the samples and the notices. */
export function createTrainView(): TrainView {
  const chart = createChart(byId('chart', HTMLDivElement));
  const progress = byId('progress', HTMLProgressElement);
  const stage = byId('stage', HTMLLabelElement);
  const samples = byId('samples', HTMLOListElement);
  const notices = byId('notices', HTMLUListElement);
  const table = byId('loss-table', HTMLTableSectionElement);
  const facts = byId('run-facts', HTMLParagraphElement);
  const stat = (name: string, text: string): void => { byId(`stat-${name}`, HTMLElement).textContent = text; };
  let total = 0;
  let step = 0;

  const showStep = (): void => {
    stat('step', `${count(step)} of ${count(total)}`);
    stat('loss', chart.loss?.toFixed(3) ?? '–');
    progress.value = total === 0 ? 0 : step / total;
  };
  const row = ({ step: at, loss, bitsPerByte }: Held): void => {
    const cells = [count(at), chart.loss?.toFixed(3) ?? '–', loss.toFixed(3), bitsPerByte.toFixed(3)];
    table.append(make('tr', {}, cells.map((text) => make('td', { text }))));
  };

  return {
    stage(text, share) {
      stage.textContent = share === null ? text : `${text}: ${Math.round(100 * share)} %`;
      if (share === null) progress.removeAttribute('value');
      else progress.value = share;
    },
    ended(text, share) {
      stage.textContent = text;
      progress.value = share;
    },
    run({ facts: found, step: at, curve }) {
      total = found.steps;
      step = at;
      chart.setSteps(total);
      // The table tells the loss of each moment: it grows along with the curve.
      table.replaceChildren();
      chart.show({ steps: [], held: [] });
      let from = 0;
      for (const held of curve.held) {
        const to = curve.steps.findLastIndex((each: StepReport) => each.step <= held.step) + 1;
        chart.addSteps(curve.steps.slice(from, to));
        chart.addHeld(held);
        from = to;
        row(held);
      }
      chart.addSteps(curve.steps.slice(from));
      facts.textContent = sentence(found);
      showStep();
    },
    steps({ steps, tokensPerSecond, etaSeconds, memoryBytes, peakBytes }) {
      chart.addSteps(steps);
      step = steps.at(-1)?.step ?? step;
      showStep();
      stat('speed', count(tokensPerSecond));
      stat('memory', size(Math.max(memoryBytes, peakBytes)));
      stat('eta', clock(etaSeconds));
    },
    held(held) {
      chart.addHeld(held);
      row(held);
    },
    sample({ step: at, prompt, text }) {
      const item = make('li', {}, [
        make('span', { className: 'when', text: at === 0 ? 'Before the first step' : `After step ${count(at)}` }),
        make('blockquote', {}, [make('span', { className: 'given', text: prompt }), document.createTextNode(text)]),
      ]);
      samples.querySelector('.empty')?.remove();
      samples.prepend(item);
      while (samples.children.length > SAMPLES_SHOWN) samples.lastElementChild!.remove();
    },
    notice(text) {
      notices.hidden = false;
      notices.append(make('li', { text }));
    },
    clear() {
      total = 0;
      step = 0;
      chart.show({ steps: [], held: [] });
      table.replaceChildren();
      notices.replaceChildren();
      notices.hidden = true;
      facts.textContent = '';
      samples.replaceChildren(make('li', { className: 'empty', text: 'Samples appear here while it learns.' }));
      for (const name of ['step', 'loss', 'speed', 'memory', 'eta']) stat(name, '–');
    },
    get step() { return step; },
    get loss() { return chart.loss; },
  };
}

function sentence({ characters, documents, duplicates, heldOut, tokens, vocabSize, parameters, epochs, limitedBy }: RunFacts): string {
  return [
    `${short(parameters)} numbers to learn, ${count(vocabSize)} tokens in the vocabulary.`,
    `${count(characters)} characters in ${count(documents)} passages (${count(tokens)} tokens), ${count(heldOut)} of them held out${duplicates === 0 ? '' : `, ${count(duplicates)} left out since they say the same again`}.`,
    `The whole text ${epochs.toFixed(1)} times${limitedBy === 'text' ? '; more would only teach it by heart' : ''}.`,
  ].join(' ');
}
