import type { SourceText } from '../protocol.ts';
import { sampleText } from '../sample/sample-text.ts';
import { announce, showProblem } from './announce.ts';
import { byId, make } from './elements.ts';
import { count, size } from './format.ts';

/** The text to learn from. */
export interface TextSection {
  texts(): SourceText[];
}

const MOST_BYTES = 50e6;

/** Pasted text, dropped and chosen files, and the sample. */
export function createTextSection(): TextSection {
  const source = byId('source', HTMLTextAreaElement);
  const facts = byId('text-facts', HTMLParagraphElement);
  const problem = byId('text-problem', HTMLParagraphElement);
  const state = byId('text-state', HTMLSpanElement);
  const list = byId('files', HTMLUListElement);
  const input = byId('file-input', HTMLInputElement);
  const sample = byId('use-sample', HTMLButtonElement);
  const area = source.closest<HTMLElement>('.work')!;
  let files: SourceText[] = [];

  const update = (): void => {
    const characters = source.value.length + files.reduce((sum, { text }) => sum + text.length, 0);
    const sentence = characters === 0 ? 'Nothing yet.' : `${count(characters)} characters${files.length === 0 ? '' : ` in ${files.length} file${files.length === 1 ? '' : 's'}${source.value.trim() === '' ? '' : ' and the field'}`}. ${advice(characters)}`;
    facts.textContent = sentence;
    state.textContent = characters === 0 ? 'empty' : size(characters);
    sample.classList.toggle('primary', characters === 0);
    list.hidden = files.length === 0;
    list.replaceChildren(...files.map((file, i) => {
      const remove = make('button', { className: 'quiet', text: 'Remove', attributes: { type: 'button', 'aria-label': `Remove ${file.name}` } });
      remove.addEventListener('click', () => {
        files = files.filter((_, other) => other !== i);
        update();
        byId('add-files', HTMLButtonElement).focus();
      });
      return make('li', {}, [make('span', { text: `${file.name}, ${size(file.text.length)}` }), remove]);
    }));
  };

  const read = async (chosen: readonly File[]): Promise<void> => {
    showProblem(problem, undefined);
    let bytes = files.reduce((sum, { text }) => sum + text.length, 0);
    const refused: string[] = [];
    for (const file of chosen) {
      bytes += file.size;
      if (bytes > MOST_BYTES) {
        showProblem(problem, { text: `${file.name} would make it more than ${size(MOST_BYTES)}.`, remedy: 'Choose less text, or train with the llm command in Node.' });
        break;
      }
      const text = await file.text().catch(() => undefined);
      if (text === undefined || !isText(text)) refused.push(file.name);
      else files = [...files, { name: file.name, text }];
    }
    if (refused.length > 0) showProblem(problem, { text: `${refused.join(', ')}: this is no text that can be read.`, remedy: 'Save it as plain text in UTF-8 and add it again.' });
    update();
    announce(facts.textContent);
  };

  source.addEventListener('input', update);
  sample.addEventListener('click', () => {
    source.value = sampleText();
    source.scrollTop = 0;
    showProblem(problem, undefined);
    update();
    announce(`The sample stories are in the field. ${facts.textContent}`);
  });
  byId('clear-text', HTMLButtonElement).addEventListener('click', () => {
    source.value = '';
    files = [];
    showProblem(problem, undefined);
    update();
    announce('The text is cleared.');
  });
  byId('add-files', HTMLButtonElement).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    void read([...input.files ?? []]);
    input.value = '';
  });
  area.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    area.classList.add('dropping');
  });
  for (const end of ['dragleave', 'drop'] as const) area.addEventListener(end, () => area.classList.remove('dropping'));
  area.addEventListener('drop', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    void read([...event.dataTransfer.files]);
  });
  update();
  return { texts: () => [...(source.value.trim() === '' ? [] : [{ name: 'pasted', text: source.value }]), ...files] };
}

function advice(characters: number): string {
  if (characters < 2000) return 'A model needs at least 2,000.';
  if (characters < 40_000) return 'Enough to learn words and a manner of speaking; more gives whole sentences.';
  return characters < 1_000_000 ? 'Enough for whole sentences.' : 'Plenty: a larger model and more time pay off.';
}

/** No zero byte, and next to nothing that is not UTF-8. */
function isText(text: string): boolean {
  let bad = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0) return false;
    if (unit === 0xfffd) bad++;
  }
  return bad <= text.length / 100;
}
