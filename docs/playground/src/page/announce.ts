import { byId, make } from './elements.ts';
import type { Problem } from '../protocol.ts';

/** Says something to a screen reader when it has time; nothing changes for the eye. */
export function announce(text: string): void {
  const region = byId('announce', HTMLParagraphElement);
  region.textContent = '';
  // The same sentence twice is only heard twice when the region was empty in between.
  setTimeout(() => { region.textContent = text; }, 50);
}

/** Shows a problem where it belongs, in an alert: what happened, then what to do. `undefined` takes it away. */
export function showProblem(place: HTMLElement, problem: Pick<Problem, 'text' | 'remedy'> | undefined): void {
  place.replaceChildren();
  if (problem === undefined) return;
  place.append(make('strong', { text: problem.text }), ` ${problem.remedy}`);
}
