import { byId } from './elements.ts';

/** Asks before something is lost; true for yes. Escape is no. */
export function confirmed({ title, text, yes }: { title: string; text: string; yes: string }): Promise<boolean> {
  const dialog = byId('confirm', HTMLDialogElement);
  byId('confirm-title', HTMLHeadingElement).textContent = title;
  byId('confirm-text', HTMLParagraphElement).textContent = text;
  const accept = byId('confirm-yes', HTMLButtonElement);
  accept.textContent = yes;
  return new Promise((resolve) => {
    accept.onclick = () => dialog.close('yes');
    byId('confirm-no', HTMLButtonElement).onclick = () => dialog.close('no');
    dialog.returnValue = '';
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    dialog.showModal();
  });
}
