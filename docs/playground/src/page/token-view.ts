import type { WrittenToken } from '../protocol.ts';
import { byId, make } from './elements.ts';
import { percent, visible } from './format.ts';

/** What the model wrote, each token with what else it thought of. */
export interface TokenView {
  begin(prompt: string): void;
  add(token: WrittenToken): void;
  readonly text: string;
}

/** How sure the model was, told by the line below a token. */
function surenessOf(probability: number): 'likely' | 'possible' | 'unlikely' {
  if (probability >= 0.5) return 'likely';
  return probability >= 0.1 ? 'possible' : 'unlikely';
}

/** A listbox of tokens: one stop for Tab, and from there the arrow keys. */
export function createTokenView(): TokenView {
  const list = byId('tokens', HTMLSpanElement);
  const given = byId('written-prompt', HTMLSpanElement);
  const empty = byId('written-empty', HTMLSpanElement);
  const detail = byId('detail', HTMLDivElement);
  let tokens: WrittenToken[] = [];
  let options: HTMLElement[] = [];
  let selected = -1;
  let text = '';

  const select = (index: number, { focus }: { focus: boolean }): void => {
    const [before, now] = [options[selected], options[index]];
    if (now === undefined) return;
    before?.setAttribute('aria-selected', 'false');
    for (const option of options) option.tabIndex = -1;
    now.setAttribute('aria-selected', 'true');
    now.tabIndex = 0;
    selected = index;
    if (focus) now.focus();
    showDetail(detail, tokens[index]!);
  };
  const indexOf = (target: EventTarget | null): number => (target instanceof Element ? options.indexOf(target.closest<HTMLElement>('.token')!) : -1);

  list.addEventListener('pointerover', ({ target }) => { select(indexOf(target), { focus: false }); });
  list.addEventListener('click', ({ target }) => { select(indexOf(target), { focus: true }); });
  list.addEventListener('focusin', ({ target }) => { select(indexOf(target), { focus: false }); });
  list.addEventListener('keydown', (event) => {
    const moves: Record<string, number> = { ArrowRight: selected + 1, ArrowDown: selected + 1, ArrowLeft: selected - 1, ArrowUp: selected - 1, Home: 0, End: options.length - 1 };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(Math.max(0, Math.min(options.length - 1, to)), { focus: true });
  });
  hint(detail);

  return {
    begin(prompt) {
      [tokens, options, selected, text] = [[], [], -1, ''];
      given.textContent = prompt;
      list.replaceChildren();
      empty.hidden = true;
      hint(detail);
    },
    add(token) {
      const option = make('span', {
        className: `token ${surenessOf(Math.exp(token.logprob))}`,
        attributes: { role: 'option', 'aria-selected': 'false', 'aria-label': labelOf(token), tabindex: tokens.length === 0 ? '0' : '-1' },
      }, piecesOf(token));
      tokens.push(token);
      options.push(option);
      text += token.text;
      list.append(option);
    },
    get text() { return text; },
  };
}

/** The text with marks where there would be nothing to point at. */
function piecesOf({ text, own }: WrittenToken): Node[] {
  if (text === '') return [make('span', { className: 'mark', text: own.startsWith('<|') ? ' ⟨end⟩' : '·' })];
  return text.split(/(\n)/).filter((part) => part !== '').map((part) => (part === '\n' ? make('span', { className: 'mark', text: '↵\n' }) : document.createTextNode(part)));
}

/** As it is read aloud. */
function spoken(text: string): string {
  if (text.startsWith('<|')) return 'end of text';
  if (text.trim() !== '') return text.trim();
  return text.includes('\n') ? 'line break' : 'space';
}

function labelOf({ own, logprob, top }: WrittenToken): string {
  const others = top.filter(({ text }) => text !== own).slice(0, 3).map(({ text, logprob: other }) => `${spoken(text)} ${percent(Math.exp(other))}`);
  return `${spoken(own)}, ${percent(Math.exp(logprob))}; others: ${others.join(', ')}`;
}

function hint(detail: HTMLElement): void {
  detail.replaceChildren(make('p', { className: 'empty', text: 'What else the model thought of appears here, for the word that you choose.' }));
}

function showDetail(detail: HTMLElement, { own, logprob, top }: WrittenToken): void {
  const rows = top.some(({ text }) => text === own) ? top : [...top, { text: own, logprob }];
  const items = rows.map((row) => {
    const taken = row.text === own;
    const fill = make('span');
    // Set through the object model: the page's policy refuses style attributes.
    fill.style.width = `${100 * Math.exp(row.logprob)}%`;
    return make('li', taken ? { className: 'taken' } : {}, [
      make('span', { text: `${visible(row.text)}${taken ? ' ✓' : ''}` }), make('span', { className: 'bar' }, [fill]), make('span', { text: percent(Math.exp(row.logprob)) }),
    ]);
  });
  detail.replaceChildren(
    make('p', {}, [document.createTextNode('Here the model wrote '), make('code', { text: visible(own) }), document.createTextNode(`, to which it gave ${percent(Math.exp(logprob))}.`)]),
    make('ol', { attributes: { 'aria-label': 'What it thought of, the likeliest first' } }, items),
  );
}
